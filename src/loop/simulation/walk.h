// One strategy's way through a stage: train, measure, select, answer, again.
#pragma once

#include <any>
#include <memory>
#include <string>
#include <vector>

#include "learners/learner.h"
#include "loop/simulation/stage.h"
#include "loop/simulation/walk_guard.h"
#include "strategies/door/expression.h"

namespace querist::loop {

class Walk {
 public:
  // Keeps the references.
  Walk(const Table& table, const SimulationPlan& plan, const Stage& stage,
       const std::string& strategy, uint64_t seed);
  SimulationRun run(const Progress& progress);  // Once.

 private:
  enum class State : char { open, trained, audit };

  std::vector<int64_t> rows_in(State state) const;
  void take(const std::vector<int64_t>& rows, State state, bool chosen);
  std::vector<int32_t> labels_of(const std::vector<int64_t>& rows) const;
  void train(const Progress& progress);
  void add_pseudo_labels(const Dataset& data, std::span<const int64_t> rows,
                         const Progress& progress);
  // The rows as they are and once more with typos.
  Dataset augmented(const Dataset& data, std::vector<int64_t> rows, OwnedFeatures& doubled) const;
  void choose_learner(const Dataset& data, const Progress& progress);  // Where the plan says auto.
  void soften(const Dataset& data, const Progress& progress);
  void measure();
  void measure_classes();
  void estimate_savings(const Progress& progress);  // Where the plan asks for it.
  void choose(size_t batch_size, const Progress& progress);
  // Where numbers are predicted: the same steps, and what a strategy is shown.
  struct Numbers {
    std::vector<float> targets, predictions;
    Matrix member_predictions;
  };
  std::vector<float> targets_of(const std::vector<int64_t>& rows) const;
  void train_numbers(const Progress& progress);
  void measure_numbers();
  void show_numbers(const std::vector<int64_t>& labeled, Numbers& numbers, Pool& pool) const;
  // Where examples have several labels, likewise.
  void train_sets(const Progress& progress);
  void measure_sets();
  void show_sets(const std::vector<int64_t>& labeled, Matrix& sets, Pool& pool) const;
  // Draws open rows at random; returns how many. chosen: they are part of the strategy's way.
  size_t draw(size_t count, State state, bool chosen, Rng& rng);
  // Asks the guard, if there is one, and notes its turns in the run.
  void watch(const Progress& progress);
  // The strategy; an arbiter with its weights as the audit labels have them.
  strategies::ChosenStrategy arbitrated(std::span<const int64_t> labeled,
                                        std::span<const int32_t> labels) const;

  const Table& table_;
  const SimulationPlan& plan_;
  const Stage& stage_;
  uint64_t seed_;
  learners::ChosenLearner learner_;  // As it stands; auto's changes on the way.
  Json learner_record_;
  strategies::ChosenStrategy chosen_;
  std::shared_ptr<const learners::Model> model_;  // Of the given labels: what selection sees.
  std::shared_ptr<const learners::Model> final_;  // What is measured: with pseudo-labels, if any.
  std::shared_ptr<const learners::Model> committee_;  // Beside a model of numbers that is none.
  StopPoints stop_points_;
  bool usable_ = false;  // Whether the strategy is shown what the model says.
  double temperature_ = 1;
  size_t softened_labels_ = 0;  // As many were there when both were found.
  std::any memory_;
  bool guarded_ = false;
  WalkGuard guard_;
  WalkLabels learnt_, audited_;        // For the guard, as they came.
  std::vector<int64_t> audit_before_;  // Each of learnt_: audit labels that there were.
  std::vector<State> state_;
  std::vector<int32_t> arms_;   // Of the pool's rows: the arbiter's arm that picked it, or -1.
  std::vector<int64_t> order_;  // And in which round.
  std::vector<std::vector<int64_t>> picked_;
  size_t spent_ = 0;
  double cost_ = 0;
  double started_ = 0;
  SimulationRun run_;
};

}  // namespace querist::loop
