// The incomplete gamma function, and cells of which enough is expected.
#include "metrics/chi_square.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/error.h"

namespace querist::metrics {

static constexpr double least_expected = 1;

// P(a, x) by its series; for x < a + 1.
static double lower_gamma(double a, double x) {
  double term = 1 / a, sum = term;
  for (double n = 1; std::abs(term) > 1e-17 * sum; ++n) sum += term *= x / (a + n);
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

// Q(a, x) by its continued fraction (Lentz 1976); for x >= a + 1.
static double upper_gamma(double a, double x) {
  double b = x + 1 - a, c = 1e300, d = 1 / b, value = d;
  for (double i = 1; i < 10'000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const double step = c * d;
    value *= step;
    if (std::abs(step - 1) < 1e-16) break;
  }
  return value * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

double chi_square_tail(double x, double degrees) {
  QUERIST_CHECK(x >= 0 && degrees > 0);
  if (x == 0) return 1;
  const double a = degrees / 2, half = x / 2;
  return half < a + 1 ? 1 - lower_gamma(a, half) : upper_gamma(a, half);
}

TestResult chi_square_fit(std::span<const int64_t> counts, std::span<const double> shares) {
  if (counts.size() != shares.size())
    refuse("there are {} counts for {} shares", counts.size(), shares.size());
  for (const double share : shares) {
    if (!(share >= 0) || !std::isfinite(share)) refuse("a share is {}", share);
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  const int64_t rows = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  if (std::ranges::any_of(counts, [](int64_t count) { return count < 0; }))
    refuse("a count is negative");
  if (rows == 0 || !(total > 0)) refuse("there is nothing to compare: every count or share is 0");
  TestResult result;
  double scarce = 0, scarce_seen = 0;
  bool has_scarce = false;
  int cells = 0;
  const auto add = [&](double expected, double seen) {
    result.statistic += (seen - expected) * (seen - expected) / expected;
    ++cells;
  };
  for (size_t c = 0; c < counts.size(); ++c) {
    const double expected = shares[c] / total * static_cast<double>(rows);
    if (expected >= least_expected) {
      add(expected, static_cast<double>(counts[c]));
    } else {
      has_scarce = true;
      scarce += expected;
      scarce_seen += static_cast<double>(counts[c]);
    }
  }
  if (has_scarce) add(std::max(scarce, least_expected), scarce_seen);
  if (cells < 2) return {};
  result.p_value = chi_square_tail(result.statistic, cells - 1);
  return result;
}

}  // namespace querist::metrics
