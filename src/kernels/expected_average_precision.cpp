// Highway source: the recurrences as one integral, with shared prefixes and suffixes for the row
// that is left out.
//
// With p₁ ≥ p₂ ≥ … the sorted probabilities of the n rows that are left, the paper's recurrences
// for g and f are those of two polynomials in x whose coefficients are g(n, ·) and f(n, ·):
//   G_n = p₁ x Π_{2≤i≤n} a_i,   a_i = p_i x + 1 - p_i,
//   F_n = a_n F_{n-1} + (p_n / n) x (x G_{n-1})′,   F_1 = 2 p₁ x,
// and the score Σ_t f(n, t) / t is ∫₀¹ F_n(x) / x dx. Solving the recurrence,
//   F_n / x = p₁ Π_{i≥2} a_i · [2 + Σ_{k≥2} e_k (2 + Σ_{2≤i<k} e_i) / k],   e_i = p_i x / a_i ≤ 1.
// Leaving row r out moves the later ones up by one place, so a running sum from either end gives
// every r at once. All terms are positive and nothing cancels. The integrand is a polynomial of
// degree n - 1: n / 2 Gauss-Legendre nodes are exact. Fewer are so to double precision: on the
// Bernstein ellipse of parameter e^r each |a_i| is at most 1 + r²/4, whence an error of
// exp(-4 m² / n) times at most a power of n.
#include "kernels/expected_average_precision.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/expected_average_precision.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Nodes = hn::CappedTag<double, 8>;

size_t NodeLanes() { return hn::Lanes(Nodes()); }

// Adds to scores[r] (lanes numbers each) what some nodes, one a lane, say of leaving out the r-th
// of the sorted probabilities. kept: 3 · n · lanes numbers.
void AddNodes(const double* sorted, size_t n, const double* nodes, const double* weights,
              double* kept, double* scores) {
  const Nodes d;
  const size_t lanes = hn::Lanes(d);
  const auto x = hn::LoadU(d, nodes);
  const auto weight = hn::LoadU(d, weights);
  const auto one = hn::Set(d, 1.0);
  const auto two = hn::Set(d, 2.0);
  const auto rest = hn::Sub(one, x);
  auto product = one;         // Of a_i from the second on.
  auto sum = hn::Zero(d);     // Of e_i.
  auto prefix = hn::Zero(d);  // Of e_k (2 + sum) / k.
  for (size_t i = 1; i < n; ++i) {
    const auto p = hn::Set(d, sorted[i]);
    const auto a = hn::NegMulAdd(p, rest, one);
    const auto inverse = hn::Div(one, a);
    hn::StoreU(inverse, d, kept + 3 * i * lanes);
    hn::StoreU(sum, d, kept + (3 * i + 1) * lanes);
    hn::StoreU(prefix, d, kept + (3 * i + 2) * lanes);
    const auto e = hn::Mul(hn::Mul(p, x), inverse);
    const auto place = hn::Set(d, 1 / static_cast<double>(i + 1));
    prefix = hn::MulAdd(hn::Mul(e, place), hn::Add(two, sum), prefix);
    sum = hn::Add(sum, e);
    product = hn::Mul(product, a);
  }
  const auto scale = hn::Mul(weight, product);
  auto suffix = hn::Zero(d);  // Of e_k (2 + sum) / (k - 1).
  auto plain = hn::Zero(d);   // Of e_k / (k - 1).
  for (size_t i = n - 1; i >= 1; --i) {
    const auto p = hn::Set(d, sorted[i]);
    const auto inverse = hn::LoadU(d, kept + 3 * i * lanes);
    const auto before = hn::LoadU(d, kept + (3 * i + 1) * lanes);
    const auto e = hn::Mul(hn::Mul(p, x), inverse);
    const auto later = hn::Add(two, hn::NegMulAdd(e, plain, suffix));
    const auto bracket = hn::Add(later, hn::LoadU(d, kept + (3 * i + 2) * lanes));
    const auto value = hn::Mul(hn::Mul(scale, inverse), bracket);
    double* own = scores + i * lanes;
    hn::StoreU(hn::MulAdd(value, hn::Set(d, sorted[0]), hn::LoadU(d, own)), d, own);
    if (i == 1) {  // Without the first, the second leads: as if it were left out and led.
      hn::StoreU(hn::MulAdd(value, p, hn::LoadU(d, scores)), d, scores);
    }
    const auto share = hn::Mul(e, hn::Set(d, 1 / static_cast<double>(i)));
    suffix = hn::MulAdd(share, hn::Add(two, before), suffix);
    plain = hn::Add(plain, share);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(NodeLanes);
HWY_EXPORT(AddNodes);

// Newton's method on the Legendre polynomial from Tricomi's guess; weights from its derivative.
Quadrature gauss_legendre(size_t count) {
  Quadrature out;
  const auto n = static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    double z = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (n + 0.5));
    double slope = 0;
    for (int step = 0; step < 100; ++step) {
      double last = 0;
      double value = 1;
      for (size_t k = 0; k < count; ++k) {
        const auto degree = static_cast<double>(k);
        const double next = ((2 * degree + 1) * z * value - degree * last) / (degree + 1);
        last = value;
        value = next;
      }
      slope = n * (z * value - last) / (z * z - 1);
      const double move = value / slope;
      z -= move;
      if (std::abs(move) < 1e-15) break;
    }
    out.nodes.push_back((1 + z) / 2);
    out.weights.push_back(1 / ((1 - z * z) * slope * slope));
  }
  return out;
}

// Enough for a polynomial of degree `left` - 1 of the kind above, by the bound above.
static size_t nodes_for(size_t left) {
  const auto n = static_cast<double>(left);
  const double enough = std::sqrt(n * (42 + 4 * std::log(n + 1)) / 4);
  return std::min((left + 1) / 2, static_cast<size_t>(enough) + 1);
}

static void add_class(MatrixView probabilities, size_t c, const Quadrature& rule,
                      std::span<double> out) {
  const size_t n = probabilities.rows;
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto p = [&](size_t row) { return probabilities.values[row * probabilities.cols + c]; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p(a) > p(b); });
  std::vector<double> sorted;
  // Float probabilities may pass 1 by their rounding.
  for (const size_t row : order) sorted.push_back(std::min(1.0, static_cast<double>(p(row))));
  const size_t lanes = HWY_DYNAMIC_DISPATCH(NodeLanes)();
  std::vector<double> kept(3 * n * lanes);
  std::vector<double> scores(n * lanes);
  for (size_t first = 0; first < rule.nodes.size(); first += lanes) {
    double nodes[8];
    double weights[8];
    for (size_t lane = 0; lane < lanes; ++lane) {
      const bool has_node = first + lane < rule.nodes.size();
      nodes[lane] = has_node ? rule.nodes[first + lane] : 0.5;
      weights[lane] = has_node ? rule.weights[first + lane] : 0;
    }
    HWY_DYNAMIC_DISPATCH(AddNodes)
    (sorted.data(), n, nodes, weights, kept.data(), scores.data());
    check_interrupt();
  }
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (size_t lane = 0; lane < lanes; ++lane) sum += scores[i * lanes + lane];
    out[order[i]] += sum;
  }
}

std::vector<double> expected_average_precision(MatrixView probabilities) {
  const size_t n = probabilities.rows;
  std::vector<double> total(n);
  if (n < 2) return total;  // Nothing is left to rank.
  const Quadrature rule = gauss_legendre(nodes_for(n - 1));
  constexpr size_t together = 8;  // Classes, whose scores are added in their order afterwards.
  std::vector<double> parts;
  for (size_t from = 0; from < probabilities.cols; from += together) {
    const size_t count = std::min(together, probabilities.cols - from);
    parts.assign(count * n, 0);
    parallel_for(count, 1, [&](size_t begin, size_t end) {
      for (size_t c = begin; c < end; ++c)
        add_class(probabilities, from + c, rule, std::span(parts).subspan(c * n, n));
    });
    for (size_t c = 0; c < count; ++c) {
      for (size_t i = 0; i < n; ++i) total[i] += parts[c * n + i];
    }
  }
  return total;
}

}  // namespace querist::kernels
#endif
