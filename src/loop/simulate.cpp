// Every strategy under every learner, featurizer, batch size and budget on every seed.
#include "loop/simulate.h"

#include <algorithm>
#include <atomic>

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "learners/named_learner.h"
#include "loop/learner_choice.h"
#include "loop/semi_supervised.h"
#include "loop/simulation/finished_runs.h"
#include "loop/simulation/full_pool.h"
#include "loop/simulation/metric.h"
#include "loop/simulation/named_once.h"
#include "loop/simulation/schedules.h"
#include "loop/simulation/task_choices.h"
#include "loop/simulation/walk.h"
#include "metrics/intervals.h"

namespace querist::loop {

// One plan for each learner, each with one featurizer, by featurizer within a learner.
static std::vector<SimulationPlan> variants_of(const Table& table, const SimulationPlan& plan) {
  std::vector<SimulationPlan> variants;
  for (const std::string& learner : named_or_usual("learner", plan.learner)) {
    for (const std::string& featurizer : named_or_usual("featurizer", plan.featurizer)) {
      variants.push_back(plan);
      variants.back().learner = learner;
      variants.back().featurizer =
          featurizer.empty() ? std::string(featurizers::default_for(table.payload)) : featurizer;
    }
  }
  return variants;
}

void check_plan(const Table& table, const SimulationPlan& plan) {
  check_names("strategies", plan.strategies);
  check_task(table, plan);
  if (plan.task == Task::classification && table.classes.size() < 2) {
    refuse("the data has {} class{} in its label column; a simulation needs at least two",
           table.classes.size(), table.classes.size() == 1 ? "" : "es");
  }
  if (plan.seeds == 0 || plan.initial == 0)
    refuse("seeds, batch_size and initial must be at least 1");
  schedules_of(plan, initial_labels(table, plan));
  if (!parse_ssl(plan.ssl).is_off && plan.augment != "none")
    refuse("pseudo-labels and texts augmented with typos do not go together yet: leave one out");
  if (plan.noise > 0 && plan.crowd.annotators > 0)
    refuse("noise is the lone oracle's: give the annotators an accuracy instead");
  check_crowd(plan.crowd);
  for (const SimulationPlan& variant : variants_of(table, plan)) {
    planned_learner(variant);
    if (!is_auto_learner(variant.learner))
      learners::check_named_learner(variant.learner, variant.task);
    for (const std::string& strategy : plan.strategies) planned_strategy(strategy, variant);
  }
  for (const std::string& rule : plan.stopping)
    watched_rule(rule, plan.audit_share, plan.cost_per_label);
}

namespace {

// One seed under all variants and schedules: stages and answers are made once, runs that are stored
// left out.
class SeedRuns {
 public:
  SeedRuns(const Table& table, const SimulationPlan& plan,
           const std::vector<SimulationPlan>& variants, const std::vector<Schedule>& schedules,
           std::vector<std::unique_ptr<FeatureTable>>& features, const std::vector<double>& costs,
           FinishedRuns& finished, Simulation& simulation)
      : table_(table),
        plan_(plan),
        variants_(variants),
        schedules_(schedules),
        order_(longest_first(schedules)),
        features_(features),
        costs_(costs),
        finished_(finished),
        simulation_(simulation) {}

  void run(size_t at, const Progress& progress, const std::function<void()>& done) {
    const size_t seed = plan_.first_seed + at;
    std::vector<int32_t> answers;
    for (size_t v = 0; v < variants_.size(); ++v) {
      const SimulationPlan& variant = variants_[v];
      if (!missing(v, at)) continue;
      Stage stage = make_stage(table_, variant, split_seed(seed), *features_[v], progress);
      if (answers.empty()) answers = answers_of(v, stage, seed, progress);
      stage.pool_labels = answers;
      for (const int64_t row : stage.split.pool) {
        if (!costs_.empty()) stage.pool_costs.push_back(costs_[static_cast<size_t>(row)]);
      }
      SimulationRun full;
      if (plan_.full_accuracy || !plan_.stopping.empty())
        score_full_pool(variant, stage, table_.classes.size(), seed, progress, full);
      for (size_t s = 0; s < plan_.strategies.size(); ++s) {
        for (const size_t schedule : order_) {
          const size_t number = number_of(schedule, v, s, at);
          if (finished_.find(number)) continue;
          SimulationRun run = walk(schedule, v, s, at, stage, progress);
          for (const Measure& measure : measures_of(plan_.task)) {
            if (measure.full) run.*measure.full = full.*measure.full;
          }
          simulation_.runs[number] = std::move(run);
          finished_.add(number, simulation_.runs[number]);
          done();
        }
      }
    }
  }

 private:
  // By a column all seeds have one split, and its featurizer one seed.
  uint64_t split_seed(size_t seed) const { return plan_.test_fraction == 0 ? 0 : seed; }

  size_t number_of(size_t schedule, size_t variant, size_t strategy, size_t at) const {
    const size_t block = schedule * variants_.size() + variant;
    return (block * plan_.strategies.size() + strategy) * plan_.seeds + at;
  }

  SimulationRun walk(size_t schedule, size_t v, size_t s, size_t at, const Stage& stage,
                     const Progress& progress) const {
    SimulationPlan plan = variants_[v];
    plan.batch_size = schedules_[schedule].batch_size;
    plan.budget = schedules_[schedule].budget;
    std::optional<SimulationRun> run;
    for (const size_t longer : order_) {
      if (longer == schedule || run || plan.labels_saved) break;
      if (schedules_[longer].batch_size == plan.batch_size)
        run = beginning_of(simulation_.runs[number_of(longer, v, s, at)], plan.budget);
    }
    if (!run)
      run = Walk(table_, plan, stage, plan_.strategies[s], plan_.first_seed + at).run(progress);
    if (schedules_.size() > 1) {
      run->batch_size = plan.batch_size;
      run->budget = plan.budget;
    }
    return std::move(*run);
  }

  bool missing(size_t variant, size_t at) const {
    for (size_t s = 0; s < plan_.strategies.size(); ++s) {
      for (const size_t schedule : order_) {
        if (!finished_.find(number_of(schedule, variant, s, at))) return true;
      }
    }
    return false;
  }

  // The same whatever runs are still to do: difficulty is the first variant's.
  std::vector<int32_t> answers_of(size_t v, Stage& stage, size_t seed, const Progress& progress) {
    if (plan_.crowd.annotators == 0) {
      add_noise(stage, plan_, table_.classes.size(), seed);
      return stage.pool_labels;
    }
    Matrix probabilities;
    if (plan_.crowd.errors == "difficulty") {
      Stage first;
      if (v != 0)
        first = make_stage(table_, variants_[0], split_seed(seed), *features_[0], progress);
      const Stage& seen = v == 0 ? stage : first;
      probabilities = full_pool_probabilities(variants_[0].learner, seen, seen.pool_labels,
                                              table_.classes.size(), seed, progress);
    }
    return crowd_answers(plan_.crowd, stage.pool_labels, table_.classes.size(), probabilities,
                         mix_seed(seed, 6));
  }

  const Table& table_;
  const SimulationPlan& plan_;
  const std::vector<SimulationPlan>& variants_;
  const std::vector<Schedule>& schedules_;
  const std::vector<size_t> order_;  // Of the schedules, larger budgets first.
  std::vector<std::unique_ptr<FeatureTable>>& features_;
  const std::vector<double>& costs_;
  FinishedRuns& finished_;
  Simulation& simulation_;
};

}  // namespace

static void describe_labels(const Table& table, const SimulationPlan& plan,
                            Simulation& simulation) {
  if (plan.task == Task::classification) return;
  std::vector<double> of_rows;  // Numbers, or how many labels.
  for (const int64_t at : used_rows(table, plan)) {
    const auto row = static_cast<size_t>(at);
    of_rows.push_back(plan.task == Task::regression
                          ? double{table.targets[row]}
                          : static_cast<double>(table.label_sets[row].size()));
  }
  if (plan.task == Task::multi_label) {
    simulation.label_cardinality = metrics::mean(of_rows);
    return;
  }
  simulation.target_mean = metrics::mean(of_rows);
  simulation.target_sd = metrics::standard_deviation(of_rows);
}

Simulation simulate(const Table& table, const SimulationPlan& plan, const Progress& progress) {
  check_plan(table, plan);
  const double wall_start = monotonic_seconds();
  const double cpu_start = cpu_seconds();
  const auto variants = variants_of(table, plan);
  const auto schedules = schedules_of(plan, initial_labels(table, plan));
  const auto costs = answer_costs(table, plan);
  std::vector<std::unique_ptr<FeatureTable>> features;
  for (const SimulationPlan& variant : variants) {
    features.push_back(
        std::make_unique<FeatureTable>(table, used_rows(table, plan), variant.featurizer));
  }
  const std::string fingerprint =
      plan.side_file.empty() ? std::string() : fingerprint_of(table, plan);
  FinishedRuns finished(plan.side_file, fingerprint);

  Simulation simulation;
  simulation.rows = table.payloads.size();
  simulation.classes = table.classes.size();
  describe_labels(table, plan, simulation);
  const Split first = split_rows(table, plan, plan.test_fraction == 0 ? 0 : plan.first_seed);
  simulation.pool = first.pool.size();
  simulation.test = first.test.size();
  simulation.resumed = finished.count();
  simulation.damaged = finished.damaged();
  simulation.runs.resize(schedules.size() * variants.size() * plan.strategies.size() * plan.seeds);
  for (size_t i = 0; i < simulation.runs.size(); ++i) {
    if (const SimulationRun* run = finished.find(i)) simulation.runs[i] = *run;
  }
  std::atomic<size_t> done = finished.count();
  SeedRuns seeds(table, plan, variants, schedules, features, costs, finished, simulation);
  parallel_for(plan.seeds, 1, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) {
      seeds.run(at, progress, [&] {
        progress.at(static_cast<double>(++done), static_cast<double>(simulation.runs.size()),
                    "runs");
      });
    }
  });
  simulation.wall_seconds = monotonic_seconds() - wall_start;
  simulation.cpu_seconds = cpu_seconds() - cpu_start;
  return simulation;
}

}  // namespace querist::loop
