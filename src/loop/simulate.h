// Replays a labelled data set through query strategies, paired by seed, so that they can be
// compared fairly.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "loop/table.h"

namespace querist::loop {

struct SimulationPlan {
  std::vector<std::string> strategies = {"auto", "margin", "random"};
  std::string learner = "logistic_regression";
  std::string featurizer;  // Empty: the usual one for the payload.
  size_t initial = 20;
  size_t initial_per_class = 0;  // Instead of `initial`: so many random ones of each class.
  size_t batch_size = 20;
  size_t budget = 500;  // Labels spent in all, the initial ones and audit labels included.
  size_t seeds = 10;
  size_t first_seed = 0;     // The seeds are first_seed … first_seed + seeds - 1.
  std::string ssl = "off";   // Pseudo-labels, as the setting of projects.
  double noise = 0;          // Chance that the oracle answers with another class.
  double audit_share = 0;    // Share of each batch drawn at random and kept out of training.
  double test_fraction = 0;  // 0: by the split column ("train" is the pool, "test" the test set).
};

// One strategy on one seed; the vectors run in step, one entry a trained model.
struct SimulationRun {
  std::string strategy;
  size_t seed = 0;
  std::vector<double> labels;
  std::vector<double> accuracy;
  std::vector<double> balanced_accuracy;
  std::vector<double> log_loss;
  std::vector<double> seconds;  // Wall time of training, scoring and selecting before this point.
  std::vector<std::vector<int64_t>>
      indices;  // Rows of the data file that were labelled to get here, as picked.
  std::vector<Json> semi_supervised;  // With pseudo-labels: what the gate chose, and why.
};

struct Simulation {
  size_t rows = 0;
  size_t classes = 0;
  size_t pool = 0;  // Of the first seed, where the split differs by seed.
  size_t test = 0;
  std::vector<SimulationRun> runs;  // By strategy as planned, then seed.
};

// All strategies of a seed share split, initial labels, label noise and learner seed. Seeds run in
// parallel.
Simulation simulate(const Table& table, const SimulationPlan& plan, const Progress& progress);

// The result as docs and interfaces describe it: data, runs, summary, comparisons. metric: accuracy
// or aubc_trapz_over_n (the published 26-set table's normalisation).
Json simulation_json(const Simulation& simulation, const std::string& metric);

// The same as one self-contained HTML page with curves and paired differences.
std::string simulation_html(const Json& result, const std::string& title);

}  // namespace querist::loop
