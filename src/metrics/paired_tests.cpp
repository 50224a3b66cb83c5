// Exact null distributions where they can be counted, approximations where they are good.
#include "metrics/paired_tests.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/distributions.h"

namespace querist::metrics {

static void check_finite(std::span<const double> differences) {
  for (const double value : differences) {
    if (!std::isfinite(value)) refuse("a paired test needs finite differences, not {}", value);
  }
}

// Twice the mid-rank of each magnitude, so that ties stay whole numbers; `ties` collects t^3 - t.
static std::vector<size_t> doubled_ranks(const std::vector<double>& magnitudes, double tied_within,
                                         double& ties) {
  const size_t n = magnitudes.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return magnitudes[a] < magnitudes[b]; });
  std::vector<size_t> ranks(n);
  for (size_t begin = 0; begin < n;) {
    size_t end = begin + 1;
    while (end < n && magnitudes[order[end]] - magnitudes[order[end - 1]] <= tied_within) ++end;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = begin + end + 1;
    const auto count = static_cast<double>(end - begin);
    ties += count * count * count - count;
    begin = end;
  }
  return ranks;
}

// P[sum of a random half of the ranks <= statistic], by counting sign patterns.
static double lower_tail(const std::vector<size_t>& ranks, size_t statistic) {
  const size_t total = std::accumulate(ranks.begin(), ranks.end(), size_t{0});
  std::vector<double> chance(total + 1);
  chance[0] = 1;
  size_t reach = 0;
  for (const size_t rank : ranks) {
    reach += rank;
    for (size_t sum = reach + 1; sum-- > 0;) {
      chance[sum] = (chance[sum] + (sum >= rank ? chance[sum - rank] : 0)) / 2;
    }
  }
  return std::accumulate(chance.begin(),
                         chance.begin() + static_cast<std::ptrdiff_t>(statistic + 1), 0.0);
}

TestResult wilcoxon_signed_rank(std::span<const double> differences, double tied_within) {
  check_finite(differences);
  std::vector<double> magnitudes;
  std::vector<bool> positive;
  for (const double value : differences) {
    if (std::abs(value) <= tied_within) continue;
    magnitudes.push_back(std::abs(value));
    positive.push_back(value > 0);
  }
  if (magnitudes.empty()) return {};
  double ties = 0;
  const std::vector<size_t> ranks = doubled_ranks(magnitudes, tied_within, ties);
  size_t plus = 0;
  size_t total = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    total += ranks[i];
    if (positive[i]) plus += ranks[i];
  }
  const size_t smaller = std::min(plus, total - plus);
  const double statistic = static_cast<double>(smaller) / 2;
  if (ranks.size() <= 25) return {statistic, std::min(1.0, 2 * lower_tail(ranks, smaller))};
  const auto n = static_cast<double>(ranks.size());
  const double spread = std::sqrt(n * (n + 1) * (2 * n + 1) / 24 - ties / 48);
  return {statistic, std::min(1.0, 2 * normal_cdf((statistic - n * (n + 1) / 4) / spread))};
}

TestResult sign_flip_test(std::span<const double> differences, uint64_t seed, size_t permutations) {
  check_finite(differences);
  const size_t n = differences.size();
  if (n == 0) refuse("a paired test needs at least one difference");
  const double observed = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  double scale = 0;
  for (const double value : differences) scale += std::abs(value);
  const double as_large = observed - 1e-12 * scale;  // Equal sums may differ by rounding.
  const bool exact = n <= 16;
  const uint64_t patterns = exact ? uint64_t{1} << n : permutations;
  Rng rng(seed);
  uint64_t extreme = exact ? 0 : 1;
  for (uint64_t pattern = 0; pattern < patterns; ++pattern) {
    double sum = 0;
    uint64_t bits = pattern;
    for (size_t i = 0; i < n; ++i) {
      if (!exact && i % 64 == 0) bits = rng.next64();
      sum += bits & 1 ? -differences[i] : differences[i];
      bits >>= 1;
    }
    extreme += std::abs(sum) >= as_large;
  }
  const double p = static_cast<double>(extreme) / static_cast<double>(patterns + (exact ? 0 : 1));
  return {observed / static_cast<double>(n), p};
}

TestResult mcnemar_exact(int64_t only_first, int64_t only_second) {
  if (only_first < 0 || only_second < 0) refuse("counts must not be negative");
  const int64_t smaller = std::min(only_first, only_second);
  const double tail = binomial_cdf(smaller, only_first + only_second, 0.5);
  return {static_cast<double>(smaller), std::min(1.0, 2 * tail)};
}

TestResult mcnemar_exact(std::span<const uint8_t> first_right,
                         std::span<const uint8_t> second_right) {
  if (first_right.size() != second_right.size()) {
    refuse("pairs need equal counts, not {} and {}", first_right.size(), second_right.size());
  }
  int64_t only_first = 0;
  int64_t only_second = 0;
  for (size_t i = 0; i < first_right.size(); ++i) {
    only_first += first_right[i] && !second_right[i];
    only_second += !first_right[i] && second_right[i];
  }
  return mcnemar_exact(only_first, only_second);
}

// The mean of (1 + s)^a (1 - s)^b over stakes s in [0, 1]; with p = (1 + s) / 2 an incomplete beta.
double mcnemar_e_value(int64_t only_first, int64_t only_second) {
  if (only_first < 0 || only_second < 0) refuse("counts of rows must not be below 0");
  const auto a = static_cast<double>(only_first + 1);
  const auto b = static_cast<double>(only_second + 1);
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  return std::exp((a + b - 1) * std::numbers::ln2 + log_beta) * incomplete_beta(b, a, 0.5);
}

}  // namespace querist::metrics
