// One row a measure, one row a metric (log loss of several labels: the mean over rows and labels).
#include "loop/simulation/metric.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "metrics/multiple_comparisons.h"

namespace querist::loop {

using Run = SimulationRun;

static constexpr std::array class_measures = {
    Measure{.key = "accuracy",
            .word = "accuracy",
            .curve = &Run::accuracy,
            .full = &Run::full_accuracy},
    Measure{.key = "balanced_accuracy",
            .word = "balanced accuracy",
            .curve = &Run::balanced_accuracy,
            .in_summary = false},
    Measure{.key = "log_loss", .word = "log loss", .curve = &Run::log_loss, .in_summary = false},
    Measure{.key = "ece", .word = "calibration error", .curve = &Run::ece}};

static constexpr std::array number_measures = {
    Measure{.key = "rmse",
            .word = "RMSE",
            .curve = &Run::rmse,
            .has_unit = true,
            .full = &Run::full_rmse},
    Measure{.key = "mae", .word = "MAE", .curve = &Run::mae, .has_unit = true},
    Measure{
        .key = "r_squared", .word = "R²", .curve = &Run::r_squared, .full = &Run::full_r_squared},
    Measure{.key = "interval_coverage", .word = "90 % coverage", .curve = &Run::interval_coverage},
    Measure{.key = "pinball_loss",
            .word = "pinball loss",
            .curve = &Run::pinball_loss,
            .has_unit = true}};

static constexpr std::array label_measures = {
    Measure{.key = "micro_f1",
            .word = "micro F1",
            .curve = &Run::micro_f1,
            .full = &Run::full_micro_f1},
    Measure{.key = "macro_f1",
            .word = "macro F1",
            .curve = &Run::macro_f1,
            .full = &Run::full_macro_f1},
    Measure{.key = "subset_accuracy",
            .word = "subset accuracy",
            .curve = &Run::subset_accuracy,
            .full = &Run::full_subset_accuracy},
    Measure{.key = "hamming_loss", .word = "Hamming loss", .curve = &Run::hamming_loss},
    Measure{.key = "average_precision",
            .word = "average precision",
            .curve = &Run::average_precision,
            .full = &Run::full_average_precision},
    Measure{.key = "log_loss", .word = "log loss", .curve = &Run::log_loss}};

std::span<const Measure> measures_of(Task task) {
  if (task == Task::regression) return number_measures;
  if (task == Task::multi_label) return label_measures;
  return class_measures;
}

Task task_of(const SimulationRun& run) {
  if (!run.rmse.empty()) return Task::regression;
  return run.micro_f1.empty() ? Task::classification : Task::multi_label;
}

// Judged by a score that is also what shares of the whole pool are counted of.
static constexpr Metric by_score(std::string_view name, Task task, const Measure& score) {
  return {.name = name, .task = task, .judged_by = &score, .reached_by = &score};
}

// Judged by an error; shares are counted of the score.
static constexpr Metric by_error(std::string_view name, Task task, const Measure& error,
                                 const Measure& score) {
  return {.name = name,
          .task = task,
          .lower_is_better = true,
          .judged_by = &error,
          .reached_by = &score};
}

static constexpr std::array all_metrics = {
    by_score("accuracy", Task::classification, class_measures[0]),
    Metric{.name = "aubc_trapz_over_n",
           .task = Task::classification,
           .judged_by = &class_measures[0],
           .reached_by = &class_measures[0],
           .area_word = "aubc"},
    by_error("rmse", Task::regression, number_measures[0], number_measures[2]),
    by_score("micro_f1", Task::multi_label, label_measures[0]),
    by_score("macro_f1", Task::multi_label, label_measures[1]),
    by_score("subset_accuracy", Task::multi_label, label_measures[2]),
    by_error("hamming_loss", Task::multi_label, label_measures[3], label_measures[0]),
    by_score("average_precision", Task::multi_label, label_measures[4]),
    by_error("log_loss", Task::multi_label, label_measures[5], label_measures[0])};

std::vector<std::string_view> metric_names() {
  std::vector<std::string_view> names;
  for (const Metric& metric : all_metrics) names.push_back(metric.name);
  return names;
}

const Metric& find_metric(std::string_view name) {
  for (const Metric& metric : all_metrics) {
    if (metric.name == name) return metric;
  }
  refuse("there is no metric \"{}\"; there are {}", name, fmt::join(metric_names(), ", "));
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

std::string Metric::area_text() const {
  if (area_word == "aubc") {
    return fmt::format(
        "Areas are of the {} by {}: trapezoids at unit steps over the models after the first, "
        "divided by the number of these models, not of the intervals between them, as the "
        "published tables of 26 sets have it.",
        judged().word, name);
  }
  return fmt::format("Areas are of the {} over labels, divided by the range of labels (aulc).",
                     judged().word);
}

std::vector<std::pair<std::string, const Measure*>> Metric::columns(const Json& summary) const {
  std::vector<std::pair<std::string, const Measure*>> found;
  for (const Measure& measure : measures()) {
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

double Metric::tied_within(std::span<const double> areas) const {
  double largest = judged().has_unit ? 0 : 1;
  for (const double area : areas) largest = std::max(largest, std::abs(area));
  return 1e-12 * largest;
}

std::vector<double> Metric::ranks(const std::vector<double>& areas) const {
  return metrics::descending_ranks(worths(areas), tied_within(areas));
}

}  // namespace querist::loop
