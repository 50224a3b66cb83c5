// Student's interval of the areas' differences, and a percentile bootstrap of the labels saved.
#include "loop/simulation/comparisons.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "loop/simulate.h"
#include "metrics/intervals.h"
#include "metrics/learning_curve.h"

namespace querist::loop {

// Stands for minus infinity, which quantiles cannot be interpolated from: a curve that never
// reaches the target needs more labels than any that does.
static constexpr double never_reached = -1e12;

// The mean score at each step over the given runs, which may repeat, turned so that more is better.
static std::vector<double> mean_curve(const RunGroup& group, std::span<const size_t> seeds) {
  const Metric& metric = *group.metric;
  size_t shortest = metric.curve_of(*group.runs.front()).size();
  for (const SimulationRun* run : group.runs)
    shortest = std::min(shortest, metric.curve_of(*run).size());
  std::vector<double> curve(shortest, 0);
  for (const size_t seed : seeds) {
    for (size_t i = 0; i < shortest; ++i) {
      curve[i] += metric.curve_of(*group.runs[seed])[i] / static_cast<double>(seeds.size());
    }
  }
  return metric.worths(std::move(curve));
}

static std::optional<double> saved_on(const RunGroup& group, const RunGroup& against,
                                      std::span<const size_t> seeds) {
  const auto ours = mean_curve(group, seeds);
  const auto theirs = mean_curve(against, seeds);
  const size_t points = std::min(ours.size(), theirs.size());
  const std::span<const double> labels = std::span(group.runs.front()->labels).first(points);
  return metrics::labels_saved(labels, std::span(ours).first(points), labels,
                               std::span(theirs).first(points));
}

static Json bounded(double saved) {
  return saved < -1e6 ? Json(nullptr) : Json(saved);  // Interpolated with never_reached.
}

// Labels saved on the mean curves, with a percentile bootstrap over the paired seeds.
static Json labels_saved_of(const RunGroup& group, const RunGroup& against) {
  std::vector<size_t> seeds(group.runs.size());
  std::iota(seeds.begin(), seeds.end(), 0);
  const auto saved = saved_on(group, against, seeds);
  Json row = {{"labels_saved", saved ? Json(*saved) : Json(nullptr)},
              {"labels_saved_ci_low", nullptr},
              {"labels_saved_ci_high", nullptr},
              {"labels_saved_reason", nullptr}};
  if (!saved) {
    row["labels_saved_reason"] =
        fmt::format("it does not reach the mean {} of the other's last three points",
                    group.metric->judged().word);
    return row;
  }
  if (seeds.size() < least_seeds_for_interval) {
    row["labels_saved_reason"] =
        fmt::format("no interval from {} seed{}, {} are needed", seeds.size(),
                    seeds.size() == 1 ? "" : "s", least_seeds_for_interval);
    return row;
  }
  const auto interval = metrics::bootstrap_interval(
      seeds.size(),
      [&](std::span<const size_t> drawn) {
        return saved_on(group, against, drawn).value_or(never_reached);
      },
      0);
  row["labels_saved_ci_low"] = bounded(interval.ci_low);
  row["labels_saved_ci_high"] = bounded(interval.ci_high);
  if (row["labels_saved_ci_low"].is_null()) {
    row["labels_saved_reason"] = fmt::format(
        "in some resamples of the seeds it never reaches the mean {} of the other's "
        "last three points",
        group.metric->judged().word);
  }
  return row;
}

Json paired_difference(const char* key, const std::vector<double>& differences, double p_value) {
  if (differences.size() < 2) {
    return {{key, metrics::mean(differences)},
            {"ci_low", nullptr},
            {"ci_high", nullptr},
            {"p_value", nullptr}};
  }
  const auto difference = metrics::student_t_interval(differences);
  return {{key, difference.value},
          {"ci_low", difference.ci_low},
          {"ci_high", difference.ci_high},
          {"p_value", p_value}};
}

static Json compare(const RunGroup& group, const RunGroup& against) {
  Json row = {{"strategy", group.strategy},
              {"against", against.strategy},
              {"name", group.name},
              {"against_name", against.name}};
  row.update(paired_difference("aulc_difference", area_differences(group, against),
                               area_p_value(group, against)));
  row.update(labels_saved_of(group, against));
  return row;
}

Json comparisons_of(const std::vector<RunGroup>& groups) {
  Json rows = Json::array();
  for (size_t begin = 0, end = 0; begin < groups.size(); begin = end) {
    const RunGroup& first = groups[begin];
    while (end < groups.size() && groups[end].learner == first.learner &&
           groups[end].featurizer == first.featurizer) {
      ++end;
    }
    const auto block = std::span(groups).subspan(begin, end - begin);
    for (const RunGroup& against : block) {
      if (against.strategy != "random") continue;
      for (const RunGroup& group : block) {
        if (&group != &against) rows.push_back(compare(group, against));
      }
    }
    for (const RunGroup& other : block) {
      if (&other != &first && other.strategy != "random" && first.strategy != "random")
        rows.push_back(compare(first, other));
    }
  }
  return rows;
}

std::string too_few_text(size_t count, size_t pairs, const char* many, const char* few) {
  const auto tests = static_cast<double>(pairs);
  // All of them agree by chance 2 of 2^count times; Holm multiplies the smallest p by the pairs.
  const double least = std::min(1.0, tests * std::exp2(1 - static_cast<double>(count)));
  if (least < 0.05) return "";
  return fmt::format(
      "With {} {} and {} pair{} no corrected p is below {:.3g}, whatever the areas: from {:.0f} {} "
      "on a pair can differ at 5 %.",
      count, many, pairs, pairs == 1 ? "" : "s", least, std::floor(std::log2(tests / 0.05)) + 2,
      few);
}

std::string p_value_text(const Json& p_value) {
  if (p_value.is_null()) return "–";
  const double p = p_value.get<double>();
  return p < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", p);
}

std::string p_text(const Json& p_value) {
  const std::string value = p_value_text(p_value);
  return value[0] == '<' ? "p < " + value.substr(1) : "p = " + value;
}

std::string difference_text(const Json& row, const char* key, const Measure& measure) {
  const std::string text = measure.signed_text(row[key].get<double>());
  if (row["ci_low"].is_null()) return text + " (one seed: no interval, no test)";
  return text +
         fmt::format(" (95 % {} to {}), {}", measure.signed_text(row["ci_low"].get<double>()),
                     measure.signed_text(row["ci_high"].get<double>()), p_text(row["p_value"]));
}

std::string labels_saved_text(const Json& row) {
  if (row["labels_saved"].is_null()) return "not reached";
  const auto percent = [&](const char* key) { return 100 * row[key].get<double>(); };
  const std::string text = fmt::format("{:.0f} %", percent("labels_saved"));
  if (!row["labels_saved_ci_low"].is_null()) {
    return text + fmt::format(" (95 % {:.0f} to {:.0f} %)", percent("labels_saved_ci_low"),
                              percent("labels_saved_ci_high"));
  }
  if (row["labels_saved_ci_high"].is_null())
    return text + " (" + row["labels_saved_reason"].get<std::string>() + ")";
  return text + fmt::format(" (95 % at most {:.0f} %: some seeds never reach it)",
                            percent("labels_saved_ci_high"));
}

}  // namespace querist::loop
