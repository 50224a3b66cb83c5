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
  // The same of a model of the whole pool, where it is kept; "full_KEY" in runs.
  std::optional<double> SimulationRun::*full = nullptr;

  // A value for tables: four decimals of a share, four significant digits of what has a unit,
  // and whole numbers from 1000 on.
  std::string text(double value) const;
  std::string signed_text(double value) const;  // The same of a difference.
};

// The measures of a task; the first is what its runs are judged by unless told otherwise.
std::span<const Measure> measures_of(Task task);
// The task of a run, by the curves that it has.
Task task_of(const SimulationRun& run);

// How the runs of one metric are judged.
struct Metric {
  std::string_view name;  // As the result's "metric" says.
  Task task = Task::classification;
  bool lower_is_better = false;
  const Measure* judged_by = nullptr;
  // What labels to reach are counted to shares of: of errors a score that grows as they fall.
  const Measure* reached_by = nullptr;

  std::string_view area_word = "aulc";  // The head of a column of areas.

  // "Areas are …": of what, and divided by what.
  std::string area_text() const;
  const Measure& judged() const { return *judged_by; }
  const Measure& reached() const { return *reached_by; }
  std::span<const Measure> measures() const { return measures_of(task); }
  // Those that some row of a summary has, with their keys there.
  std::vector<std::pair<std::string, const Measure*>> columns(const Json& summary) const;
  const std::vector<double>& curve_of(const SimulationRun& run) const {
    return run.*judged().curve;
  }
  // Values of the judged measure turned so that more is better.
  std::vector<double> worths(std::vector<double> values) const;
  // Areas no further apart are equal, and were only rounded otherwise: 1e-12, of numbers with a
  // unit 1e-12 of the largest.
  double tied_within(std::span<const double> areas) const;
  // Ranks of areas, 1 for the best; ties share their mean rank.
  std::vector<double> ranks(const std::vector<double>& areas) const;
};

// Throws invalid_argument, naming those that there are, for what is none of them.
const Metric& find_metric(std::string_view name);
std::vector<std::string_view> metric_names();

}  // namespace querist::loop
