// Highway source of the expected entropies: outcomes lie along the vector, so that a member's share
// of many outcomes is one load, and the logarithms are taken while the sums are in registers.
#include "kernels/expected_entropy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/expected_entropy.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef QUERIST_KERNELS_EXPECTED_ENTROPY_TILE
#define QUERIST_KERNELS_EXPECTED_ENTROPY_TILE
namespace querist::kernels {
static constexpr size_t tile = 128;  // Outcomes; 10 kB of float for 20 members: in the first cache.
}
#endif

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;

// p log2 p for p of 0 or normal. 0 gives 0: its exponent bits read as a finite number. Of the
// polynomials of this degree, the one that errs least between half an octave below 1 and above, by
// 5e-8; base 2 adds the exponent for nothing.
template <class D>
static HWY_INLINE hn::Vec<D> p_log2_p(D d, hn::Vec<D> p) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, p);
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3f3504f3)));
  const auto mantissa = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)));
  const auto f = hn::Sub(mantissa, hn::Set(d, 1.0f));
  auto sum = hn::Set(d, -1.4574447274e-01f);
  sum = hn::MulAdd(sum, f, hn::Set(d, 2.3689037561e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, -2.5006905198e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 2.8670746088e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, -3.6008721590e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 4.8093944788e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, -7.2135716677e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 1.4426947832e+00f));
  return hn::Mul(p, hn::MulAdd(sum, f, hn::ConvertTo(d, exponent)));
}
static constexpr float ln_2 = 0.693147180559945f;

// Adds p log2 p of `width` neighbouring classes for the outcomes of two vectors. The small loops
// are unrolled by pragma so that the sums stay in registers.
template <int width>
static HWY_INLINE void add_classes(const float* HWY_RESTRICT posteriors, size_t members,
                                   const float* HWY_RESTRICT row, size_t classes,
                                   hn::Vec<Tag>& low_total, hn::Vec<Tag>& high_total) {
  const Tag d;
  hn::Vec<Tag> low[width];
  hn::Vec<Tag> high[width];
#pragma GCC unroll 8
  for (int c = 0; c < width; ++c) low[c] = high[c] = hn::Zero(d);
  for (size_t k = 0; k < members; ++k) {
    const auto first = hn::LoadU(d, posteriors + k * tile);
    const auto second = hn::LoadU(d, posteriors + k * tile + hn::Lanes(d));
#pragma GCC unroll 8
    for (int c = 0; c < width; ++c) {
      const auto p = hn::Set(d, row[k * classes + static_cast<size_t>(c)]);
      low[c] = hn::MulAdd(first, p, low[c]);
      high[c] = hn::MulAdd(second, p, high[c]);
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < width; ++c) {
    low_total = hn::Add(low_total, p_log2_p(d, low[c]));
    high_total = hn::Add(high_total, p_log2_p(d, high[c]));
  }
}

// The weighted sum of entropies over one tile of outcomes, for one row (members, classes).
float TileEntropy(const float* posteriors, const float* weights, size_t members, const float* row,
                  size_t classes) {
  const Tag d;
  auto sum = hn::Zero(d);
  for (size_t o = 0; o < tile; o += 2 * hn::Lanes(d)) {
    auto low = hn::Zero(d);
    auto high = hn::Zero(d);
    for (size_t c = 0; c < classes;) {
      const size_t blocks = (classes - c + 4) / 5;
      const size_t width = (classes - c + blocks - 1) / blocks;
      const auto add = [&]<int w>() HWY_ATTR {
        add_classes<w>(posteriors + o, members, row + c, classes, low, high);
      };
      if (width == 5) add.template operator()<5>();
      if (width == 4) add.template operator()<4>();
      if (width == 3) add.template operator()<3>();
      if (width == 2) add.template operator()<2>();
      if (width == 1) add.template operator()<1>();
      c += width;
    }
    sum = hn::MulAdd(low, hn::LoadU(d, weights + o), sum);
    sum = hn::MulAdd(high, hn::LoadU(d, weights + o + hn::Lanes(d)), sum);
  }
  return -ln_2 * hn::GetLane(hn::SumOfLanes(d, sum));
}

void EntropyTerms(float* values, size_t n) {
  const Tag d;
  const auto scale = hn::Set(d, -ln_2);
  size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(scale, p_log2_p(d, hn::LoadU(d, values + i))), d, values + i);
  }
  const hn::CappedTag<float, 1> one;
  for (; i < n; ++i) values[i] = -ln_2 * hn::GetLane(p_log2_p(one, hn::LoadU(one, values + i)));
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(TileEntropy);
HWY_EXPORT(EntropyTerms);

static constexpr size_t rows_at_once = 16;  // Read once while a tile of outcomes is in the cache.

template <class Number>
static void read(const Committee& committee, size_t row, Number* out) {
  const size_t classes = committee.classes;
  for (size_t k = 0; k < committee.members; ++k) {
    const float* p = committee.values + (k * committee.rows + row) * classes;
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += std::max<double>(p[c], least_probability);
    const double scale = 1 / sum;
    for (size_t c = 0; c < classes; ++c) {
      out[k * classes + c] = static_cast<Number>(std::max<double>(p[c], least_probability) * scale);
    }
  }
}

void read_row(const Committee& committee, size_t row, std::span<double> out) {
  QUERIST_CHECK(row < committee.rows && out.size() == committee.members * committee.classes);
  read(committee, row, out.data());
}

Outcomes no_outcomes(size_t members) {
  return {members, {1.0}, std::vector<double>(members, 1.0 / static_cast<double>(members))};
}

ExpectedEntropy::ExpectedEntropy(const Outcomes& outcomes)
    : outcomes_(outcomes), tiles_((outcomes.count() + tile - 1) / tile) {
  const size_t members = outcomes.members;
  QUERIST_CHECK(outcomes.posteriors.size() == outcomes.count() * members);
  weights_.assign(tiles_ * tile, 0);
  posteriors_.assign(tiles_ * tile * members, 0);
  for (size_t o = 0; o < outcomes.count(); ++o) {
    weights_[o] = static_cast<float>(outcomes.weights[o]);
    float* column = posteriors_.data() + o / tile * tile * members + o % tile;
    for (size_t k = 0; k < members; ++k)
      column[k * tile] = static_cast<float>(outcomes.posteriors[o * members + k]);
  }
}

void ExpectedEntropy::approximate(const Committee& committee, std::span<const int64_t> rows,
                                  std::span<double> out) const {
  QUERIST_CHECK(committee.members == outcomes_.members && out.size() == rows.size());
  const size_t values = committee.members * committee.classes;
  parallel_for(rows.size(), rows_at_once, [&](size_t begin, size_t end) {
    std::vector<float> read_rows(rows_at_once * values);
    for (size_t from = begin; from < end; from += rows_at_once) {
      check_interrupt();
      const size_t count = std::min(rows_at_once, end - from);
      for (size_t i = 0; i < count; ++i) {
        read(committee, static_cast<size_t>(rows[from + i]), read_rows.data() + i * values);
        out[from + i] = 0;
      }
      for (size_t t = 0; t < tiles_; ++t) {
        const float* posteriors = posteriors_.data() + t * tile * committee.members;
        for (size_t i = 0; i < count; ++i) {
          out[from + i] += static_cast<double>(HWY_DYNAMIC_DISPATCH(TileEntropy)(
              posteriors, weights_.data() + t * tile, committee.members,
              read_rows.data() + i * values, committee.classes));
        }
      }
    }
  });
}

double ExpectedEntropy::exact(const Committee& committee, int64_t row) const {
  const size_t members = committee.members;
  const size_t classes = committee.classes;
  std::vector<double> seen(members * classes);
  read(committee, static_cast<size_t>(row), seen.data());
  std::vector<double> mixture(classes);
  double total = 0;
  for (size_t o = 0; o < outcomes_.count(); ++o) {
    std::fill(mixture.begin(), mixture.end(), 0.0);
    for (size_t k = 0; k < members; ++k) {
      const double share = outcomes_.posteriors[o * members + k];
      for (size_t c = 0; c < classes; ++c) mixture[c] += share * seen[k * classes + c];
    }
    double entropy = 0;
    for (const double p : mixture) entropy -= p > 0 ? p * std::log(p) : 0;
    total += outcomes_.weights[o] * entropy;
  }
  return total;
}

void mean_entropies(const Committee& committee, std::span<const int64_t> rows,
                    std::span<double> out) {
  QUERIST_CHECK(out.size() == rows.size());
  parallel_for(rows.size(), 256, [&](size_t begin, size_t end) {
    std::vector<float> terms(committee.members * committee.classes);
    for (size_t i = begin; i < end; ++i) {
      read(committee, static_cast<size_t>(rows[i]), terms.data());
      entropy_terms(terms);
      double sum = 0;
      for (const float term : terms) sum += static_cast<double>(term);
      out[i] = sum / static_cast<double>(committee.members);
    }
  });
}

double mean_entropy(const Committee& committee, int64_t row) {
  std::vector<double> seen(committee.members * committee.classes);
  read(committee, static_cast<size_t>(row), seen.data());
  double sum = 0;
  for (const double p : seen) sum -= p * std::log(p);
  return sum / static_cast<double>(committee.members);
}

void entropy_terms(std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(EntropyTerms)(values.data(), values.size());
}

}  // namespace querist::kernels
#endif
