// Wealth that no true mean lets grow: means under which a fair bet got rich are ruled out.
#include "metrics/confidence_sequence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "metrics/intervals.h"

namespace querist::metrics {

// The shares of their wealth that twelve gamblers risk on every value: halves of halves, so that
// one of them is about right for any number of values. They start with equal wealth.
static constexpr size_t gamblers = 12;
static constexpr double most_risked = 0.95;

static void check(std::span<const double> values, double confidence, size_t pool_size) {
  if (!(confidence > 0 && confidence < 1))
    refuse("confidence must lie between 0 and 1, not {}", confidence);
  if (values.empty()) refuse("the mean of no values is not known");
  if (pool_size && values.size() > pool_size)
    refuse("there are {} values but only {} rows in the pool", values.size(), pool_size);
  for (const double value : values) {
    if (!(value >= 0 && value <= 1)) refuse("values must lie between 0 and 1, not {}", value);
  }
}

// The stake before each value, and the mean that was expected then: both from earlier values only.
struct Plan {
  std::vector<double> stakes;
  std::vector<double> expected;
};

static Plan plan(std::span<const double> values, double log_odds) {
  Plan out;
  double sum = 0.5;
  double squares = 0.25;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto t = static_cast<double>(i + 1);
    out.expected.push_back(sum / t);
    out.stakes.push_back(std::sqrt(2 * log_odds / (squares * std::log1p(t))));
    sum += values[i];
    const double gap = values[i] - sum / (t + 1);
    squares += gap * gap;
  }
  return out;
}

enum class Rich { ever, now };

// Whether bets on values above the mean got rich (direction 1), or on values below it (-1): whether
// all gamblers together ever had, or have now, `limit` times their start. A share risked on a value
// multiplies by 1 + share * (value / mean - 1), which nobody can expect to gain by where the mean
// is the true one.
static bool ruled_out(std::span<const double> values, double mean, int direction, double limit,
                      size_t pool_size, Rich when) {
  std::array<double, gamblers> wealth;
  wealth.fill(1.0 / gamblers);
  double seen = 0;
  double together = 1;
  for (size_t i = 0; i < values.size(); ++i) {
    double now = mean;
    if (pool_size) {
      // The mean of what is left, if the pool's were right.
      now = (static_cast<double>(pool_size) * mean - seen) / static_cast<double>(pool_size - i);
      if (now < -1e-12) return direction > 0;
      if (now > 1 + 1e-12) return direction < 0;
      now = std::clamp(now, 0.0, 1.0);
    }
    seen += values[i];
    const double odds = direction > 0 ? now : 1 - now;
    const double value = direction > 0 ? values[i] : 1 - values[i];
    if (odds == 0 && value == 0) continue;
    const double gain = value / odds - 1;  // Infinite where the mean says that it cannot happen.
    together = 0;
    double share = most_risked;
    for (double& one : wealth) {
      one *= 1 + share * gain;
      together += one;
      share /= 2;
    }
    if (when == Rich::ever && together >= limit) return true;
  }
  return together >= limit;
}

// The wealth of either side is monotone in the mean: bisection finds where it crosses.
static std::pair<double, double> not_ruled_out(std::span<const double> values, double confidence,
                                               size_t pool_size, Rich when) {
  const double limit = 2 / (1 - confidence);  // Half of the chance of being wrong on each side.
  const auto end = [&](int direction) {
    double out = direction > 0 ? 0 : 1;
    double in = 1 - out;
    if (!ruled_out(values, out, direction, limit, pool_size, when)) return out;
    for (int step = 0; step < 60 && std::abs(in - out) > 1e-12; ++step) {
      const double middle = (in + out) / 2;
      (ruled_out(values, middle, direction, limit, pool_size, when) ? out : in) = middle;
    }
    return out;
  };
  return {end(1), end(-1)};
}

Estimate betting_interval(std::span<const double> values, double confidence, size_t pool_size) {
  check(values, confidence, pool_size);
  auto [low, high] = not_ruled_out(values, confidence, pool_size, Rich::ever);
  if (pool_size) {
    const auto pool = static_cast<double>(pool_size);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    low = std::max(low, sum / pool);
    high = std::min(high, (sum + pool - static_cast<double>(values.size())) / pool);
  }
  // Where every mean is ruled out, which happens with less than the stated chance, one point stays.
  if (low > high) low = high = (low + high) / 2;
  return {std::clamp(mean(values), low, high), low, high, "betting"};
}

Estimate present_betting_interval(std::span<const double> values, double confidence) {
  check(values, confidence, 0);
  const auto [low, high] = not_ruled_out(values, confidence, 0, Rich::now);
  return {mean(values), low, high, "betting"};
}

std::vector<Estimate> betting_sequence(std::span<const double> values,
                                       std::span<const size_t> looks, double confidence,
                                       size_t pool_size) {
  std::vector<Estimate> all;
  for (const size_t look : looks) {
    if (look == 0 || look > values.size()) refuse("there is no look after {} values", look);
    all.push_back(betting_interval(values.first(look), confidence, pool_size));
  }
  return all;
}

Estimate empirical_bernstein_interval(std::span<const double> values, double confidence) {
  check(values, confidence, 0);
  const double log_limit = std::log(2 / (1 - confidence));
  const Plan bets = plan(values, log_limit);
  double stakes = 0;
  double sum = 0;
  double penalty = log_limit;
  for (size_t i = 0; i < values.size(); ++i) {
    const double stake = std::min(bets.stakes[i], 0.5);
    const double gap = values[i] - bets.expected[i];
    stakes += stake;
    sum += stake * values[i];
    penalty += gap * gap * (-std::log1p(-stake) - stake);
  }
  const double centre = sum / stakes;
  const double half = penalty / stakes;
  return {centre, std::max(0.0, centre - half), std::min(1.0, centre + half),
          "empirical_bernstein"};
}

}  // namespace querist::metrics
