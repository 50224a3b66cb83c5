// Mean paired differences against their standard errors.
#include "metrics/one_standard_error.h"

#include <cmath>

#include "base/error.h"

namespace querist::metrics {

static double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

static void check(std::span<const std::vector<double>> losses) {
  if (losses.empty() || losses[0].empty()) refuse("there are no losses to compare");
  for (size_t m = 0; m < losses.size(); ++m) {
    if (losses[m].size() != losses[0].size())
      refuse("method {} has {} losses, the first {}", m, losses[m].size(), losses[0].size());
    for (const double loss : losses[m]) {
      if (!std::isfinite(loss)) refuse("method {} has a loss of {}", m, loss);
    }
  }
}

OneStandardErrorChoice choose_by_one_standard_error(std::span<const std::vector<double>> losses) {
  check(losses);
  const size_t rows = losses[0].size();
  OneStandardErrorChoice out;
  out.methods.push_back({.loss = mean_of(losses[0])});
  std::vector<double> gains(rows);
  for (size_t m = 1; m < losses.size(); ++m) {
    for (size_t i = 0; i < rows; ++i) gains[i] = losses[0][i] - losses[m][i];
    PairedGain found{.loss = mean_of(losses[m]), .gain = mean_of(gains)};
    double squares = 0;
    for (const double gain : gains) squares += (gain - found.gain) * (gain - found.gain);
    const auto n = static_cast<double>(rows);
    if (rows > 1) found.standard_error = std::sqrt(squares / (n - 1) / n);
    const bool is_beyond_chance = rows > 1 && found.gain > found.standard_error;
    if (is_beyond_chance && found.loss < out.methods[out.chosen].loss) out.chosen = m;
    out.methods.push_back(found);
  }
  return out;
}

}  // namespace querist::metrics
