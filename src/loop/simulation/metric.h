// What the runs of a task are measured by, and what they are judged by: a curve and which way is
// better.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loop/simulate.h"

namespace querist::loop {

// A curve of a run that tells how good its models are.
struct Measure {
  std::string_view key;   // Of the curve in runs; in summaries its last values are final_KEY_mean.
  std::string_view word;  // As tables write it.
  std::vector<double> SimulationRun::*curve = nullptr;
  bool in_summary = true;
  bool has_unit = false;  // The targets' own; others are shares.

  // A value for tables: four decimals of a share, four significant digits of what has a unit,
  // and whole numbers from 1000 on.
  std::string text(double value) const;
  std::string signed_text(double value) const;  // The same of a difference.
};

// How the runs of one metric are judged.
struct Metric {
  std::string_view name;              // As the result's "metric" says.
  std::span<const Measure> measures;  // Of the task; the first is the one that is judged.
  bool lower_is_better = false;
  // What a model of the whole pool is measured by; labels to reach are counted to shares of it.
  std::string_view full_key;
  std::string_view full_word;
  std::vector<double> SimulationRun::*full_curve = nullptr;
  std::optional<double> SimulationRun::*full = nullptr;

  const Measure& judged() const { return measures.front(); }
  // Those that some row of a summary has, with their keys there.
  std::vector<std::pair<std::string, const Measure*>> columns(const Json& summary) const;
  const std::vector<double>& curve_of(const SimulationRun& run) const {
    return run.*judged().curve;
  }
  // Values of the judged measure turned so that more is better.
  std::vector<double> worths(std::vector<double> values) const;
  // Ranks of areas, 1 for the best; ties share their mean rank.
  std::vector<double> ranks(const std::vector<double>& areas) const;
};

// accuracy, aubc_trapz_over_n or rmse. Throws invalid_argument for what is none of them.
const Metric& find_metric(std::string_view name);

// The measures of classification and regression.
std::span<const Measure> measures_of(Task task);

}  // namespace querist::loop
