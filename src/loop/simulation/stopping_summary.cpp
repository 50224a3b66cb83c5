// Means over the runs of a strategy.
#include "loop/simulation/stopping_summary.h"

#include "base/rng.h"
#include "loop/signals.h"
#include "metrics/classification.h"
#include "metrics/intervals.h"

namespace querist::loop {

double full_accuracy(const Table& table, const SimulationPlan& plan, const Stage& stage,
                     uint64_t seed, const Progress& progress) {
  if (plan.stopping.empty()) return 0;
  const auto learner = learner_for(plan.learner);
  Dataset data;
  data.features = stage.pool.features();
  data.labels = stage.pool_labels;
  data.classes = table.classes.size();
  const auto model =
      learners::train(*learner.card, data, learner.params, nullptr, mix_seed(seed, 5), progress);
  Matrix probabilities;
  model->probabilities(stage.test.features(), probabilities);
  return metrics::accuracy(stage.test_labels, metrics::likeliest(probabilities));
}

static Json rule_summary(const std::vector<const SimulationRun*>& runs, size_t rule) {
  std::vector<double> labels;
  std::vector<double> accuracy;
  std::vector<double> share;
  for (const SimulationRun* run : runs) {
    const StopPoint& stop = run->stops[rule];
    if (!stop.labels) continue;
    labels.push_back(*stop.labels);
    accuracy.push_back(stop.accuracy);
    share.push_back(stop.accuracy / run->full_accuracy);
  }
  Json row = {{"strategy", runs[0]->strategy},
              {"rule", runs[0]->stops[rule].rule},
              {"runs", runs.size()},
              {"stopped", labels.size()}};
  const bool any = !labels.empty();
  row["labels_mean"] = any ? Json(metrics::mean(labels)) : Json(nullptr);
  row["labels_sd"] = any ? Json(metrics::standard_deviation(labels)) : Json(nullptr);
  row["accuracy_mean"] = any ? Json(metrics::mean(accuracy)) : Json(nullptr);
  row["share_of_full_mean"] = any ? Json(metrics::mean(share)) : Json(nullptr);
  return row;
}

void add_stopping(const Simulation& simulation, Json& result) {
  if (simulation.runs.empty() || simulation.runs[0].stops.empty()) return;
  Json rows = Json::array();
  std::vector<const SimulationRun*> group;
  for (size_t i = 0; i < simulation.runs.size(); ++i) {
    const SimulationRun& run = simulation.runs[i];
    Json stops = Json::array();
    for (const StopPoint& stop : run.stops) {
      stops.push_back({{"rule", stop.rule},
                       {"labels", stop.labels ? Json(*stop.labels) : Json(nullptr)},
                       {"accuracy", stop.labels ? Json(stop.accuracy) : Json(nullptr)}});
    }
    result["runs"][i]["stops"] = std::move(stops);
    result["runs"][i]["full_accuracy"] = run.full_accuracy;
    group.push_back(&run);
    const bool last =
        i + 1 == simulation.runs.size() || simulation.runs[i + 1].strategy != run.strategy;
    if (!last) continue;
    for (size_t rule = 0; rule < run.stops.size(); ++rule)
      rows.push_back(rule_summary(group, rule));
    group.clear();
  }
  result["stopping"] = std::move(rows);
}

}  // namespace querist::loop
