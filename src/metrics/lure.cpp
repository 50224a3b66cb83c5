// Weighted draws by a tree of sums, and the weights that undo them.
#include "metrics/lure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/distributions.h"
#include "metrics/intervals.h"

namespace querist::metrics {

// Sums over pairs, pairs of pairs …; taking a leaf out recomputes its path, so that no rounding
// error of a subtraction stays behind.
class SumTree {
 public:
  explicit SumTree(std::span<const double> values) {
    while (leaves_ < values.size()) leaves_ *= 2;
    sums_.resize(2 * leaves_);
    std::copy(values.begin(), values.end(), sums_.begin() + static_cast<std::ptrdiff_t>(leaves_));
    for (size_t i = leaves_; i-- > 1;) sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
  }
  double total() const { return sums_[1]; }
  double value(size_t row) const { return sums_[leaves_ + row]; }

  // The row in whose piece of [0, total) the point falls.
  size_t find(double point) const {
    size_t at = 1;
    while (at < leaves_) {
      at *= 2;
      // Rounding may leave the point beyond the last piece: never step into an empty half.
      if (point >= sums_[at] && sums_[at + 1] > 0) point -= sums_[at++];
    }
    return at - leaves_;
  }
  void take(size_t row) {
    size_t at = leaves_ + row;
    sums_[at] = 0;
    while (at /= 2) sums_[at] = sums_[2 * at] + sums_[2 * at + 1];
  }

 private:
  size_t leaves_ = 1;
  std::vector<double> sums_;
};

TestDraws draw_test_rows(std::span<const double> proposal, size_t count, uint64_t seed) {
  if (count > proposal.size())
    refuse("{} rows cannot be drawn from {} without repeats", count, proposal.size());
  for (size_t i = 0; i < proposal.size(); ++i) {
    if (!(proposal[i] > 0) || !std::isfinite(proposal[i]))
      refuse("the proposal of row {} must be positive and finite, not {}", i, proposal[i]);
  }
  SumTree tree(proposal);
  Rng rng(seed);
  TestDraws draws;
  for (size_t m = 0; m < count; ++m) {
    const size_t row = tree.find(rng.uniform() * tree.total());
    draws.rows.push_back(static_cast<int64_t>(row));
    draws.propensities.push_back(tree.value(row) / tree.total());
    tree.take(row);
  }
  return draws;
}

std::vector<double> clipped_proposal(std::span<const double> expected_loss, double share) {
  if (!(share > 0 && share <= 1))
    refuse("the share to clip at must lie above 0 and not above 1, not {}", share);
  std::vector<double> out(expected_loss.begin(), expected_loss.end());
  if (out.empty()) return out;
  for (const double value : out) {
    if (!(value >= 0) || !std::isfinite(value))
      refuse("an expected loss must not be negative or infinite, as {} is", value);
  }
  const double least = share * mean(out);
  for (double& value : out) value = least > 0 ? std::max(value, least) : 1;
  return out;
}

static void check_draws(std::span<const double> propensities, size_t pool_size) {
  if (propensities.empty()) refuse("there are no test labels to estimate from");
  if (propensities.size() > pool_size)
    refuse("there are {} test labels but only {} rows in the pool", propensities.size(), pool_size);
  for (const double q : propensities) {
    if (!(q > 0 && q <= 1 + 1e-9))
      refuse("a propensity must lie above 0 and not above 1, as {} does not", q);
  }
}

std::vector<double> lure_weights(std::span<const double> propensities, size_t pool_size) {
  check_draws(propensities, pool_size);
  const auto pool = static_cast<double>(pool_size);
  const auto count = static_cast<double>(propensities.size());
  std::vector<double> weights(propensities.size(), 1);
  if (propensities.size() == pool_size) return weights;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double left = pool - static_cast<double>(i + 1);
    weights[i] += (pool - count) / left * (1 / ((left + 1) * propensities[i]) - 1);
  }
  return weights;
}

// The square root of sum c_m^2 (a_m - mean)^2 / (M (M - 1)).
static double lure_error(std::span<const double> losses, std::span<const double> propensities,
                         double pool, double value) {
  const auto count = static_cast<double>(losses.size());
  double before = 0;
  double sum = 0;
  for (size_t i = 0; i < losses.size(); ++i) {
    const double left = pool - static_cast<double>(i + 1);
    const double level = pool * (pool - count) / (left * (left + 1));
    const double one = losses[i] / (pool * propensities[i]) + before / pool;
    sum += level * level * (one - value) * (one - value);
    before += losses[i];
  }
  return std::sqrt(sum / (count * (count - 1)));
}

Estimate lure(std::span<const double> losses, std::span<const double> propensities,
              size_t pool_size, double confidence) {
  if (losses.size() != propensities.size())
    refuse("there are {} losses but {} propensities", losses.size(), propensities.size());
  const std::vector<double> weights = lure_weights(propensities, pool_size);
  if (losses.size() < 2) refuse("an interval for a mean needs at least two values");
  if (!(confidence > 0 && confidence < 1))
    refuse("confidence must lie between 0 and 1, not {}", confidence);
  double value = 0;
  for (size_t i = 0; i < losses.size(); ++i) {
    if (!std::isfinite(losses[i])) refuse("loss {} must be finite, not {}", i, losses[i]);
    value += weights[i] * losses[i];
  }
  const auto count = static_cast<double>(losses.size());
  value /= count;
  if (losses.size() == pool_size) return {value, value, value, "lure"};
  const double half = student_t_quantile(0.5 + confidence / 2, count - 1) *
                      lure_error(losses, propensities, static_cast<double>(pool_size), value);
  double low = value - half;
  if (std::all_of(losses.begin(), losses.end(), [](double loss) { return loss >= 0; }))
    low = std::max(low, 0.0);  // No weight is negative, so neither is the estimate.
  return {value, low, value + half, "lure"};
}

}  // namespace querist::metrics
