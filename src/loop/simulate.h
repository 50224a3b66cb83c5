// Replays a labelled data set through query strategies, paired by seed, so that they can be
// compared fairly.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "data/task.h"
#include "loop/simulation/crowd.h"
#include "loop/simulation/stop_points.h"
#include "loop/table.h"

namespace querist::loop {

// How many labels a round, and how many in all, the initial ones and audit labels included.
struct Schedule {
  size_t batch_size = 0;
  size_t budget = 0;
};

struct SimulationPlan {
  // Regression and multi_label have no plan for some of what follows.
  Task task = Task::classification;
  std::vector<std::string> strategies = {"auto", "margin", "random"};
  // Several, comma-separated: each with each featurizer. auto: chosen on the way.
  std::string learner = "logistic_regression";
  std::string featurizer;  // Empty: the usual one for the payload.
  size_t initial = 20;
  size_t initial_per_class = 0;  // Instead of `initial`: so many random ones of each class.
  size_t batch_size = 20;
  size_t budget = 500;  // As in Schedule.
  // In place of batch_size and budget: each gets all the runs. Empty: those two alone.
  std::vector<Schedule> schedules;
  size_t seeds = 10;
  size_t first_seed = 0;      // The seeds are first_seed … first_seed + seeds - 1.
  std::string ssl = "off";    // Pseudo-labels, as the setting of projects.
  double noise = 0;           // Chance that the oracle answers with another class.
  double audit_share = 0;     // Share of each batch drawn at random and kept out of training.
  bool guard = true;          // Compares with random by the audit labels (loop/guard.h).
  bool labels_saved = false;  // At the budget, estimated by them too (loop/labels_saved.h).
  double typos = 0;           // Share of the letters of a second copy of the test texts; 0: none.
  std::string augment = "none";  // typos: each text is trained on as it is and with typos.
  double test_fraction = 0;    // 0: by the split column ("train" is the pool, "test" the test set).
  CrowdPlan crowd;             // Annotators in the oracle's place.
  bool full_accuracy = false;  // Also train on the whole pool, once a seed; stopping does so too.
  double cost_per_label = 0;   // 0: costs are not counted.
  bool costs_by_row = false;   // Multiply by the number in the table's groups.
  std::string query_learner;   // Of simulate_one_by_one alone, which says what they do.
  std::string task_learner;
  std::vector<std::string> stopping;  // Rules that are watched; the loop goes on to the budget.
  std::filesystem::path side_file;    // Where finished runs are kept; empty: nowhere.
  std::string build;                  // Names the program: other builds' runs are not taken over.
};

// One strategy on one seed; the vectors run in step, one entry a trained model.
struct SimulationRun {
  std::string strategy;
  std::string learner;
  std::string featurizer;
  size_t batch_size = 0;  // Both where the plan has several schedules, else 0.
  size_t budget = 0;
  size_t seed = 0;
  std::vector<double> labels;
  std::vector<double> accuracy;
  std::vector<double> balanced_accuracy;
  std::vector<double> log_loss;
  std::vector<double> ece;  // Expected calibration error; empty where it was not measured.
  // Of regression, in place of the four above (loop/simulation/number_scores.h).
  std::vector<double> rmse;
  std::vector<double> mae;
  std::vector<double> r_squared;
  std::vector<double> interval_coverage;  // Both empty where the learner gives no intervals.
  std::vector<double> pinball_loss;
  // Of several labels an example, beside log_loss (loop/simulation/label_scores.h).
  std::vector<double> micro_f1;
  std::vector<double> macro_f1;
  std::vector<double> subset_accuracy;
  std::vector<double> hamming_loss;
  std::vector<double> average_precision;
  std::vector<double> cost;           // Spent so far; empty where costs are not counted.
  std::vector<double> typo_accuracy;  // On the test texts with typos, where the plan has some.
  std::vector<double> seconds;  // Wall time of training, scoring and selecting before this point.
  std::vector<std::string> learners;  // Where the plan's learner is auto: what it came to.
  std::vector<std::vector<int64_t>>
      indices;                   // Rows of the data file that were labelled to get here, as picked.
  std::vector<StopPoint> stops;  // One a watched rule.
  std::vector<size_t> guard_raised;  // Before which points the guard was raised, and ended.
  std::vector<size_t> guard_ended;
  std::optional<double> full_accuracy;  // Of a model of all the pool's answers, on this seed.
  std::optional<double> full_rmse;      // Both of regression, in its place.
  std::optional<double> full_r_squared;
  std::optional<double> full_micro_f1;  // These of several labels.
  std::optional<double> full_macro_f1;
  std::optional<double> full_subset_accuracy;
  std::optional<double> full_average_precision;
  Json labels_saved;  // Where the plan asks for it and there are audit labels enough.
  std::vector<Json> semi_supervised;  // With pseudo-labels: what the gate chose, and why.
};

struct Simulation {
  size_t rows = 0;
  size_t classes = 0;      // Or labels, where examples have several; 0: regression.
  double target_mean = 0;  // Of regression: of the numbers of the rows that are used.
  double target_sd = 0;
  // Of several labels: how many a row has, of the rows that are used.
  std::optional<double> label_cardinality;
  size_t pool = 0;  // Of the first seed, where the split differs by seed.
  size_t test = 0;
  double wall_seconds = 0;          // From the read table to the last run.
  double cpu_seconds = 0;           // The same, over all threads.
  size_t resumed = 0;               // Runs taken over from the side file.
  size_t damaged = 0;               // Runs there that were damaged, and made again.
  std::vector<SimulationRun> runs;  // By schedule, learner, featurizer, strategy as planned, seed.
};

// Throws invalid_argument for what simulate would refuse by the plan alone.
void check_plan(const Table& table, const SimulationPlan& plan);

// All strategies of a seed share split, initial labels, answers and learner seed. Seeds run in
// parallel. With a side file each finished run is stored there, and those that it holds of the same
// plan, data and build are not run again. A run that is the beginning of one with a larger budget
// and the same batch size is taken from it.
Simulation simulate(const Table& table, const SimulationPlan& plan, const Progress& progress);

// The result as docs and interfaces describe it: data, runs, summary, comparisons. metric: one of
// the task's (loop/simulation/metric.h): accuracy, aubc_trapz_over_n (the published 26-set table's
// normalisation), rmse, micro_f1 … Where lower is better areas and differences are of errors,
// while ranks and labels saved turn them.
// Beside the contract's keys: pairs (all of them, Holm-corrected), ranks (Friedman, critical
// difference), and by group the labels to reach shares of full_accuracy, the calibration and the
// time of a round. Of several schedules each is judged alone: runs and rows say their batch_size
// and budget, and ranks is a list.
Json simulation_json(const Simulation& simulation, const std::string& metric);

// The same as one self-contained HTML page with curves and paired differences. command: what made
// it, so that a reader knows under which noise, costs and budget; empty: not told.
std::string simulation_html(const Json& result, const std::string& title,
                            const std::string& command = "");

}  // namespace querist::loop
