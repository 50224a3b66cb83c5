// One row a measure, one row a metric.
#include "loop/simulation/metric.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "metrics/multiple_comparisons.h"

namespace querist::loop {

using Run = SimulationRun;

static constexpr std::array class_measures = {
    Measure{.key = "accuracy", .word = "accuracy", .curve = &Run::accuracy},
    Measure{.key = "balanced_accuracy",
            .word = "balanced accuracy",
            .curve = &Run::balanced_accuracy,
            .in_summary = false},
    Measure{.key = "log_loss", .word = "log loss", .curve = &Run::log_loss, .in_summary = false},
    Measure{.key = "ece", .word = "calibration error", .curve = &Run::ece}};

static constexpr std::array number_measures = {
    Measure{.key = "rmse", .word = "RMSE", .curve = &Run::rmse, .has_unit = true},
    Measure{.key = "mae", .word = "MAE", .curve = &Run::mae, .has_unit = true},
    Measure{.key = "r_squared", .word = "R²", .curve = &Run::r_squared},
    Measure{.key = "interval_coverage", .word = "90 % coverage", .curve = &Run::interval_coverage},
    Measure{.key = "pinball_loss",
            .word = "pinball loss",
            .curve = &Run::pinball_loss,
            .has_unit = true}};

std::span<const Measure> measures_of(Task task) {
  if (task == Task::regression) return number_measures;
  return class_measures;
}

static Metric by_accuracy(std::string_view metric) {
  return {.name = metric,
          .measures = class_measures,
          .full_key = "full_accuracy",
          .full_word = "accuracy",
          .full_curve = &Run::accuracy,
          .full = &Run::full_accuracy};
}

const Metric& find_metric(std::string_view name) {
  static const std::array metrics = {by_accuracy("accuracy"), by_accuracy("aubc_trapz_over_n"),
                                     Metric{.name = "rmse",
                                            .measures = number_measures,
                                            .lower_is_better = true,
                                            .full_key = "full_r_squared",
                                            .full_word = "R²",
                                            .full_curve = &Run::r_squared,
                                            .full = &Run::full_r_squared}};
  for (const Metric& metric : metrics) {
    if (metric.name == name) return metric;
  }
  refuse("there is no metric \"{}\"; there are accuracy, aubc_trapz_over_n and rmse", name);
}

std::string Measure::text(double value) const {
  if (!has_unit) return fmt::format("{:.4f}", value);
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e7) return fmt::format("{:.0f}", value);
  return fmt::format("{:#.4g}", value);
}

std::string Measure::signed_text(double value) const {
  return (value < 0 ? "" : "+") + text(value);
}

std::vector<std::pair<std::string, const Measure*>> Metric::columns(const Json& summary) const {
  std::vector<std::pair<std::string, const Measure*>> found;
  for (const Measure& measure : measures) {
    const std::string key = fmt::format("final_{}_mean", measure.key);
    if (std::any_of(summary.begin(), summary.end(),
                    [&](const Json& row) { return row.contains(key); }))
      found.emplace_back(key, &measure);
  }
  return found;
}

std::vector<double> Metric::worths(std::vector<double> values) const {
  if (!lower_is_better) return values;
  for (double& value : values) value = -value;
  return values;
}

std::vector<double> Metric::ranks(const std::vector<double>& areas) const {
  return metrics::descending_ranks(worths(areas));
}

}  // namespace querist::loop
