// Means over the runs of a group.
#include "loop/simulation/stopping_summary.h"

#include "metrics/intervals.h"

namespace querist::loop {

static Json rule_summary(const RunGroup& group, size_t rule) {
  std::vector<double> labels;
  std::vector<double> accuracy;
  std::vector<double> share;
  for (const SimulationRun* run : group.runs) {
    const StopPoint& stop = run->stops[rule];
    if (!stop.labels) continue;
    labels.push_back(*stop.labels);
    accuracy.push_back(stop.accuracy);
    share.push_back(stop.accuracy / run->full_accuracy.value());
  }
  Json row = {{"strategy", group.strategy},
              {"learner", group.learner},
              {"featurizer", group.featurizer},
              {"name", group.name},
              {"rule", group.runs[0]->stops[rule].rule},
              {"runs", group.runs.size()},
              {"stopped", labels.size()}};
  const bool any = !labels.empty();
  row["labels_mean"] = any ? Json(metrics::mean(labels)) : Json(nullptr);
  row["labels_sd"] = any ? Json(metrics::standard_deviation(labels)) : Json(nullptr);
  row["accuracy_mean"] = any ? Json(metrics::mean(accuracy)) : Json(nullptr);
  row["share_of_full_mean"] = any ? Json(metrics::mean(share)) : Json(nullptr);
  return row;
}

Json stopping_summary(const std::vector<RunGroup>& groups) {
  Json rows = Json::array();
  for (const RunGroup& group : groups) {
    for (size_t rule = 0; rule < group.runs[0]->stops.size(); ++rule)
      rows.push_back(rule_summary(group, rule));
  }
  return rows;
}

}  // namespace querist::loop
