// The quantile of the range of normal variables is integrated and bisected, not read from a table,
// so that any number of methods has one.
#include "metrics/multiple_comparisons.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "metrics/distributions.h"

namespace querist::metrics {

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double so_far = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const double p = p_values[order[i]];
    if (!(p >= 0 && p <= 1)) refuse("a p value must lie in 0 … 1, not {}", p);
    so_far = std::max(so_far, std::min(1.0, p * static_cast<double>(order.size() - i)));
    corrected[order[i]] = so_far;
  }
  return corrected;
}

std::vector<double> descending_ranks(std::span<const double> values, double tied_within) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    end = begin + 1;
    while (end < order.size() && values[order[end - 1]] - values[order[end]] <= tied_within) ++end;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + end + 1) / 2;
  }
  return ranks;
}

// Ranks block after block, and what the statistic is made of.
struct RankTable {
  size_t methods = 0, blocks = 0;
  std::vector<double> ranks;
  double squares = 0;

  double between(std::span<const double> sums) const {
    double total = 0;
    for (const double sum : sums) total += sum * sum / static_cast<double>(blocks);
    return total;
  }
  std::vector<double> sums() const {
    std::vector<double> totals(methods);
    for (size_t i = 0; i < ranks.size(); ++i) totals[i % methods] += ranks[i];
    return totals;
  }
};

static RankTable rank_table(std::span<const double> values, size_t methods) {
  RankTable table{.methods = methods, .blocks = values.size() / methods};
  for (size_t b = 0; b < table.blocks; ++b) {
    const auto ranks = descending_ranks(values.subspan(b * methods, methods));
    table.ranks.insert(table.ranks.end(), ranks.begin(), ranks.end());
  }
  for (const double rank : table.ranks) table.squares += rank * rank;
  return table;
}

// The arrangements that a block's ranks have, equal ranks not told apart.
static double arrangements(std::span<const double> ranks) {
  double count = std::tgamma(static_cast<double>(ranks.size()) + 1);
  for (auto at = ranks.begin(); at != ranks.end(); ++at)  // Divides by each tie's factorial.
    count /= static_cast<double>(std::count(ranks.begin(), at + 1, *at));
  return count;
}

// Counts through what the blocks after the first could have been.
class Permutations {
 public:
  explicit Permutations(const RankTable& table)
      : table_(table), observed_(table.between(table.sums())) {}

  double p_value() {
    std::vector<double> sums(table_.ranks.begin(),
                             table_.ranks.begin() + static_cast<std::ptrdiff_t>(table_.methods));
    walk(1, sums);
    return static_cast<double>(as_far_) / static_cast<double>(all_);
  }

 private:
  void walk(size_t block, const std::vector<double>& sums) {
    if (block == table_.blocks) {
      ++all_;
      as_far_ += table_.between(sums) >= observed_ * (1 - 1e-12);
      return;
    }
    const auto begin = table_.ranks.begin() + static_cast<std::ptrdiff_t>(block * table_.methods);
    std::vector<double> ranks(begin, begin + static_cast<std::ptrdiff_t>(table_.methods));
    std::sort(ranks.begin(), ranks.end());
    do {
      std::vector<double> more = sums;
      for (size_t m = 0; m < ranks.size(); ++m) more[m] += ranks[m];
      walk(block + 1, more);
    } while (std::next_permutation(ranks.begin(), ranks.end()));
  }

  const RankTable& table_;
  double observed_;
  int64_t all_ = 0, as_far_ = 0;
};

TestResult friedman(std::span<const double> values, size_t methods) {
  if (methods < 2 || values.size() < 2 * methods || values.size() % methods != 0)
    refuse("Friedman's test needs two methods or more on two blocks or more");
  const RankTable table = rank_table(values, methods);
  const auto k = static_cast<double>(methods);
  const auto n = static_cast<double>(table.blocks);
  const double centre = n * k * (k + 1) * (k + 1) / 4;
  const double spread = table.squares - centre;  // Zero where every block is one tie.
  if (!(spread > 1e-12 * table.squares)) return {0, 1};
  const double chi_squared = n * (k - 1) * (table.between(table.sums()) - centre) / spread;
  const double rest = n * (k - 1) - chi_squared;
  const bool all_agree = !(rest > 1e-12 * n * k);
  const double f =
      all_agree ? std::numeric_limits<double>::infinity() : (n - 1) * chi_squared / rest;
  double ways = 1;
  for (size_t b = 1; b < table.blocks; ++b)
    ways *= arrangements(std::span(table.ranks).subspan(b * methods, methods));
  if (ways <= friedman_exact_up_to) return {f, Permutations(table).p_value()};
  if (all_agree) return {f, 1 / ways};  // One way alone has every block like the first.
  const double between_degrees = k - 1;
  const double within_degrees = (k - 1) * (n - 1);
  const double x = within_degrees / (within_degrees + between_degrees * f);
  return {f, incomplete_beta(within_degrees / 2, between_degrees / 2, x)};
}

// P[range of k standard normal variables <= width], by Simpson's rule over the smallest of them.
static double range_cdf(double width, size_t k) {
  static constexpr int steps = 2000;
  static constexpr double from = -9, to = 9;
  const double step = (to - from) / steps;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double z = from + step * i;
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    const double inside = normal_cdf(z + width) - normal_cdf(z);
    const double weight = i == 0 || i == steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * density * std::pow(inside, static_cast<double>(k - 1));
  }
  return static_cast<double>(k) * sum * step / 3;
}

double critical_difference(size_t methods, size_t blocks, double alpha) {
  if (methods < 2 || blocks < 1)
    refuse("a critical difference needs two methods or more on a block or more");
  if (!(alpha > 0 && alpha < 1)) refuse("alpha must lie between 0 and 1, not {}", alpha);
  double low = 0, high = 20;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (range_cdf(middle, methods) < 1 - alpha ? low : high) = middle;
  }
  const auto k = static_cast<double>(methods);
  return low / std::numbers::sqrt2 * std::sqrt(k * (k + 1) / (6 * static_cast<double>(blocks)));
}

}  // namespace querist::metrics
