// One strategy's way through a stage, and all of them over the seeds.
#include "loop/one_by_one.h"

#include <algorithm>
#include <atomic>

#include "base/clock.h"
#include "base/threads.h"
#include "learners/named_learner.h"
#include "loop/one_by_one/committee.h"
#include "loop/one_by_one/machine.h"
#include "loop/one_by_one/other_model.h"
#include "loop/signals.h"
#include "loop/simulation/finished_runs.h"
#include "loop/simulation/named_once.h"
#include "metrics/classification.h"

namespace querist::loop {

static constexpr size_t initial_labels = 20;
static constexpr double test_fraction = 0.4;

// The machine alone gives probabilities; a committee of machines stands beside it.
static strategies::ChosenStrategy protocol_strategy(const std::string& strategy) {
  learners::Learner learner = learners::find("rbf_svm");
  learner.gives = learner.gives | Signal::member_probabilities;
  return strategy_for(strategy, learner);
}

namespace {

class OneByOneWalk {
 public:
  OneByOneWalk(const Table& table, const SimulationPlan& plan, const OneByOneStage& stage,
               const std::string& strategy, size_t seed)
      : table_(table),
        stage_(stage),
        seed_(seed),
        chosen_(protocol_strategy(strategy)),
        machine_(stage),
        committee_(stage),
        asked_(stage, plan.query_learner, mix_seed(seed, 6)),
        measured_(stage, plan.task_learner, mix_seed(seed, 7)) {
    run_.strategy = strategy;
    run_.learner = plan.task_learner.empty() ? "rbf_svm" : plan.task_learner;
    run_.seed = seed;
    candidates_.resize(stage.pool.size());
    for (size_t i = 0; i < candidates_.size(); ++i) candidates_[i] = static_cast<int64_t>(i);
    probabilities_ = Matrix(stage.test.size(), 2);
    pool_probabilities_ = Matrix(stage.pool.size(), 2);
  }

  SimulationRun run(const Progress& progress) {
    started_ = monotonic_seconds();
    take(stage_.initial);
    for (;;) {
      progress.check();
      machine_.solve();
      measure();
      if (candidates_.empty()) {  // The last model learnt the whole pool.
        run_.full_accuracy = run_.accuracy.back();
        return std::move(run_);
      }
      started_ = monotonic_seconds();
      choose();
    }
  }

 private:
  void take(const std::vector<int64_t>& rows) {
    run_.indices.emplace_back();
    for (const int64_t row : rows) {
      const auto at = std::lower_bound(labeled_.begin(), labeled_.end(), row) - labeled_.begin();
      labeled_.insert(labeled_.begin() + at, row);
      labels_.insert(labels_.begin() + at, stage_.pool_labels[static_cast<size_t>(row)]);
      candidates_.erase(std::lower_bound(candidates_.begin(), candidates_.end(), row));
      machine_.learn(static_cast<size_t>(row));
      const auto table_row = static_cast<size_t>(stage_.pool[static_cast<size_t>(row)]);
      run_.indices.back().push_back(table_.source_rows[table_row]);
    }
  }

  void measure() {
    const size_t n = stage_.test.size();
    predicted_.resize(n);
    if (measured_) {
      measured_.learn(labeled_, labels_);
      measured_.test_probabilities(probabilities_);
      predicted_ = metrics::likeliest(probabilities_);
    }
    for (size_t i = 0; i < n && !measured_; ++i) {
      const double decision = machine_.test_decision(i);
      predicted_[i] = decision > 0;
      probabilities_.at(i, 1) = static_cast<float>(squash(decision));
      probabilities_.at(i, 0) = 1 - probabilities_.at(i, 1);
    }
    run_.labels.push_back(static_cast<double>(labeled_.size()));
    run_.accuracy.push_back(metrics::accuracy(stage_.test_labels, predicted_));
    run_.balanced_accuracy.push_back(metrics::balanced_accuracy(stage_.test_labels, predicted_, 2));
    run_.log_loss.push_back(metrics::log_loss(stage_.test_labels, probabilities_));
    run_.seconds.push_back(monotonic_seconds() - started_);
  }

  void choose() {
    Pool pool;
    pool.size = stage_.pool.size();
    pool.classes = 2;
    pool.candidates = candidates_;
    pool.labeled = labeled_;
    pool.labels = labels_;
    pool.checked = true;
    pool.memory = &memory_;
    const Signal read = chosen_.card->needs | chosen_.card->reads;
    if (has(read, Signal::probabilities)) {
      if (asked_) {
        asked_.learn(labeled_, labels_);
        asked_.pool_probabilities(pool_probabilities_);
      }
      for (size_t i = 0; i < pool.size && !asked_; ++i) {
        pool_probabilities_.at(i, 1) = static_cast<float>(squash(machine_.pool_decision(i)));
        pool_probabilities_.at(i, 0) = 1 - pool_probabilities_.at(i, 1);
      }
      pool.probabilities = pool_probabilities_;
    }
    if (has(read, Signal::embeddings)) pool.embeddings = stage_.pool_features();
    if (has(read, Signal::member_probabilities)) {
      pool.member_probabilities = committee_.probabilities(
          machine_, labeled_, mix_seed(mix_seed(seed_, 5), labeled_.size()));
    }
    const auto selection = strategies::select_batch(*chosen_.card, pool, 1, chosen_.params,
                                                    mix_seed(mix_seed(seed_, 4), labeled_.size()));
    take(selection.rows);
  }

  const Table& table_;
  const OneByOneStage& stage_;
  size_t seed_;
  strategies::ChosenStrategy chosen_;
  OneByOneMachine machine_;
  OneByOneCommittee committee_;
  OneByOneOther asked_, measured_;
  std::any memory_;
  std::vector<int64_t> candidates_, labeled_;
  std::vector<int32_t> labels_, predicted_;
  Matrix probabilities_, pool_probabilities_;
  double started_ = 0;
  SimulationRun run_;
};

}  // namespace

Simulation simulate_one_by_one(const Table& table, const SimulationPlan& plan,
                               const Progress& progress) {
  if (table.classes.size() != 2)
    refuse("the protocol is for two classes; the data has {}", table.classes.size());
  if (plan.seeds == 0) refuse("seeds must be at least 1");
  check_names("strategies", plan.strategies);
  for (const std::string& strategy : plan.strategies) protocol_strategy(strategy);
  for (const std::string& learner : {plan.query_learner, plan.task_learner}) {
    if (learner.empty()) continue;
    learner_for(learner);
    learners::check_named_learner(learner, Task::classification);
  }
  const Matrix numbers = numbers_of(table);

  Simulation simulation;
  simulation.rows = table.payloads.size();
  simulation.classes = 2;
  simulation.runs.resize(plan.strategies.size() * plan.seeds);
  FinishedRuns finished(plan.side_file, plan.side_file.empty()
                                            ? ""
                                            : fingerprint_of(table, plan, "one_by_one_rbf_svm"));
  simulation.resumed = finished.count();
  simulation.damaged = finished.damaged();
  std::atomic<size_t> done = finished.count();
  parallel_for(plan.seeds, 1, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) {
      const size_t seed = plan.first_seed + at;
      size_t missing = plan.strategies.size();
      for (size_t s = 0; s < plan.strategies.size(); ++s) {
        const SimulationRun* run = finished.find(s * plan.seeds + at);
        if (!run) continue;
        simulation.runs[s * plan.seeds + at] = *run;
        --missing;
      }
      if (missing == 0 && at > 0) continue;
      const auto stage = one_by_one_stage(table, numbers, test_fraction, initial_labels, seed);
      if (at == 0) {
        simulation.pool = stage.pool.size();
        simulation.test = stage.test.size();
      }
      for (size_t s = 0; s < plan.strategies.size(); ++s) {
        const size_t number = s * plan.seeds + at;
        if (finished.find(number)) continue;
        simulation.runs[number] =
            OneByOneWalk(table, plan, stage, plan.strategies[s], seed).run(progress);
        finished.add(number, simulation.runs[number]);
        progress.at(static_cast<double>(++done), static_cast<double>(simulation.runs.size()),
                    "runs");
      }
    }
  });
  return simulation;
}

}  // namespace querist::loop
