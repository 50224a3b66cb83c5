// The simulated loop: train, measure, select, answer, again.
#include "loop/simulate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "base/clock.h"
#include "base/threads.h"
#include "featurizers/featurizer.h"
#include "learners/learner.h"
#include "loop/arbiter.h"
#include "loop/audit.h"
#include "loop/signals.h"
#include "loop/usable_model.h"
#include "metrics/classification.h"

namespace querist::loop {

// Table rows (not file rows) of one seed's pool and test set.
struct Split {
  std::vector<int64_t> pool;
  std::vector<int64_t> test;
};

// A split with its features; shared by the strategies of a seed.
struct Stage {
  Split split;
  featurizers::FeatureBatch pool;
  featurizers::FeatureBatch test;
  std::vector<int32_t> pool_labels;  // What the oracle answers, noise included.
  std::vector<int32_t> test_labels;
};

static Split split_rows(const Table& table, const SimulationPlan& plan, uint64_t seed) {
  Split split;
  if (plan.test_fraction == 0) {
    for (size_t i = 0; i < table.labels.size(); ++i) {
      if (table.labels[i] < 0) continue;
      if (table.splits[i] == "train") split.pool.push_back(static_cast<int64_t>(i));
      if (table.splits[i] == "test") split.test.push_back(static_cast<int64_t>(i));
    }
    return split;
  }
  std::vector<int64_t> rows;
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] >= 0) rows.push_back(static_cast<int64_t>(i));
  }
  Rng rng(mix_seed(seed, 1));
  rng.shuffle(rows);
  const auto test =
      static_cast<size_t>(std::llround(plan.test_fraction * static_cast<double>(rows.size())));
  split.test.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(test));
  split.pool.assign(rows.begin() + static_cast<std::ptrdiff_t>(test), rows.end());
  std::sort(split.pool.begin(), split.pool.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

static featurizers::FeatureBatch transform(const featurizers::Fitted& fitted, const Table& table,
                                           const std::vector<int64_t>& rows) {
  std::vector<Payload> payloads;
  payloads.reserve(rows.size());
  for (const int64_t row : rows) payloads.push_back(table.payloads[static_cast<size_t>(row)]);
  return fitted.transform(payloads);
}

static Stage make_stage(const Table& table, const SimulationPlan& plan, uint64_t seed,
                        const Progress& progress) {
  Stage stage;
  stage.split = split_rows(table, plan, seed);
  if (stage.split.pool.size() < 2 || stage.split.test.empty()) {
    refuse(
        "the split leaves {} rows to choose from and {} to test on; pass --test-fraction, or a "
        "--split column with "
        "the values train and test",
        stage.split.pool.size(), stage.split.test.size());
  }
  const auto name = plan.featurizer.empty() ? featurizers::default_for(table.payload)
                                            : std::string_view(plan.featurizer);
  const auto& featurizer = featurizers::find(name);
  if (featurizer.payload != table.payload) {
    refuse("the featurizer {} reads {}, but the data has {}", name,
           payload_word(featurizer.payload), payload_word(table.payload));
  }
  featurizers::FitInput input;
  input.columns = table.columns;
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    for (const int64_t row : stage.split.pool) take({&table.payloads[static_cast<size_t>(row)], 1});
  };
  const auto fitted = featurizer.fit(input, Params(featurizer.params), mix_seed(seed, 2), progress);
  stage.pool = transform(fitted, table, stage.split.pool);
  stage.test = transform(fitted, table, stage.split.test);
  for (const int64_t row : stage.split.test)
    stage.test_labels.push_back(table.labels[static_cast<size_t>(row)]);
  for (const int64_t row : stage.split.pool)
    stage.pool_labels.push_back(table.labels[static_cast<size_t>(row)]);
  return stage;
}

// Answers another class, uniformly, with the given chance; the same for every strategy of the seed.
static void add_noise(Stage& stage, const SimulationPlan& plan, size_t classes, uint64_t seed) {
  if (plan.noise <= 0 || classes < 2) return;
  Rng rng(mix_seed(seed, 3));
  for (int32_t& label : stage.pool_labels) {
    const bool wrong = rng.uniform() < plan.noise;
    const auto shift = static_cast<int32_t>(1 + rng.below(classes - 1));
    if (wrong) label = (label + shift) % static_cast<int32_t>(classes);
  }
}

// One strategy's way through a stage.
class Walk {
 public:
  Walk(const Table& table, const SimulationPlan& plan, const Stage& stage,
       const std::string& strategy, uint64_t seed)
      : table_(table),
        plan_(plan),
        stage_(stage),
        seed_(seed),
        learner_(learner_for(plan.learner)),
        chosen_(strategy_for(strategy, *learner_.card)) {
    run_.strategy = strategy;
    run_.seed = seed;
    state_.assign(stage.split.pool.size(), State::open);
    arms_.assign(state_.size(), -1);
    order_.assign(state_.size(), 0);
    started_ = monotonic_seconds();
  }

  SimulationRun run(const Progress& progress) {
    Rng rng(mix_seed(seed_, 4));
    take(rng.sample(state_.size(), std::min(plan_.initial, plan_.budget)), State::trained);
    for (;;) {
      progress.check();
      train(progress);
      measure();
      const size_t left =
          std::min(plan_.budget - std::min(plan_.budget, spent_), state_.size() - spent_);
      if (left == 0) return std::move(run_);
      started_ = monotonic_seconds();
      choose(std::min(plan_.batch_size, left));
    }
  }

 private:
  enum class State : char { open, trained, audit };

  std::vector<int64_t> rows_in(State state) const {
    std::vector<int64_t> rows;
    for (size_t i = 0; i < state_.size(); ++i) {
      if (state_[i] == state) rows.push_back(static_cast<int64_t>(i));
    }
    return rows;
  }

  void take(const std::vector<int64_t>& rows, State state) {
    if (picked_.empty()) picked_.emplace_back();
    for (const int64_t row : rows) {
      state_[static_cast<size_t>(row)] = state;
      picked_.back().push_back(
          table_.source_rows[static_cast<size_t>(stage_.split.pool[static_cast<size_t>(row)])]);
    }
    spent_ += rows.size();
  }

  std::vector<int32_t> labels_of(const std::vector<int64_t>& rows) const {
    std::vector<int32_t> labels;
    for (const int64_t row : rows) labels.push_back(stage_.pool_labels[static_cast<size_t>(row)]);
    return labels;
  }

  void train(const Progress& progress) {
    const auto rows = rows_in(State::trained);
    const OwnedFeatures features = take_rows(stage_.pool.features(), rows);
    Dataset data;
    data.features = features.view();
    data.labels = labels_of(rows);
    data.classes = table_.classes.size();
    model_ = learners::train(*learner_.card, data, learner_.params, model_.get(),
                             mix_seed(seed_, 5), progress);
    usable_ =
        !chosen_.card->handles_no_model || is_usable(*learner_.card, data, learner_.params, seed_);
  }

  void measure() {
    Matrix probabilities;
    model_->probabilities(stage_.test.features(), probabilities);
    const auto predicted = metrics::likeliest(probabilities);
    run_.labels.push_back(static_cast<double>(spent_));
    run_.accuracy.push_back(metrics::accuracy(stage_.test_labels, predicted));
    run_.balanced_accuracy.push_back(
        metrics::balanced_accuracy(stage_.test_labels, predicted, table_.classes.size()));
    run_.log_loss.push_back(metrics::log_loss(stage_.test_labels, probabilities));
    run_.seconds.push_back(monotonic_seconds() - started_);
    run_.indices.push_back(std::move(picked_.back()));
    picked_.clear();
  }

  void choose(size_t batch_size) {
    Rng rng(mix_seed(seed_, 1000 + run_.labels.size()));
    const auto measured = static_cast<int64_t>(rows_in(State::audit).size());
    const double share = audit_share_now(plan_.audit_share, measured);
    const size_t audit = audit_count(share, batch_size, rng).drawn;
    if (audit > 0) {
      auto open = rows_in(State::open);
      std::vector<int64_t> drawn;
      for (const int64_t at : rng.sample(open.size(), audit)) {
        drawn.push_back(open[static_cast<size_t>(at)]);
      }
      take(drawn, State::audit);
    }
    const auto candidates = rows_in(State::open);
    const auto labeled = rows_in(State::trained);
    const auto labels = labels_of(labeled);
    Matrix probabilities;
    Pool pool;
    pool.size = state_.size();
    pool.classes = table_.classes.size();
    pool.candidates = candidates;
    pool.labeled = labeled;
    pool.labels = labels;
    pool.memory = &memory_;
    const Signal read = chosen_.card->needs | chosen_.card->reads;
    pool.trees = learner_.card->trees;
    if (has(read, Signal::probabilities) && usable_) {
      model_->probabilities(stage_.pool.features(), probabilities);
      pool.probabilities = probabilities;
    }
    Matrix members;
    if (has(read, Signal::member_probabilities) && usable_ && model_->members() > 0) {
      model_->member_probabilities(stage_.pool.features(), members);
      pool.member_probabilities = {model_->members(), pool.size, members.cols,
                                   members.values.data()};
    }
    if (has(read, Signal::embeddings)) {
      pool.embeddings =
          stage_.pool.geometry.cols ? Features(stage_.pool.geometry) : stage_.pool.features();
    }
    const auto chosen = arbitrated(labeled, labels);
    const auto selection = strategies::select_batch(*chosen.card, pool, batch_size - audit,
                                                    chosen.params, rng.next64());
    take(selection.rows, State::trained);
    for (size_t i = 0; i < selection.arms.size(); ++i) {
      arms_[static_cast<size_t>(selection.rows[i])] = selection.arms[i];
      order_[static_cast<size_t>(selection.rows[i])] = static_cast<int64_t>(run_.labels.size());
    }
  }

  // The strategy; an arbiter with its weights as the audit labels have them.
  strategies::ChosenStrategy arbitrated(std::span<const int64_t> labeled,
                                        std::span<const int32_t> labels) const {
    if (!is_arbiter(run_.strategy)) return chosen_;
    const auto audit = rows_in(State::audit);
    const auto audit_labels = labels_of(audit);
    std::vector<int32_t> arms;
    std::vector<int64_t> order;
    for (const int64_t row : labeled) {
      arms.push_back(arms_[static_cast<size_t>(row)]);
      order.push_back(order_[static_cast<size_t>(row)]);
    }
    const auto evidence = weigh_arms(run_.strategy, *learner_.card, learner_.params,
                                     {.features = stage_.pool.features(),
                                      .rows = labeled,
                                      .labels = labels,
                                      .arms = arms,
                                      .order = order,
                                      .audit_rows = audit,
                                      .audit_labels = audit_labels,
                                      .classes = table_.classes.size()},
                                     mix_seed(seed_, 5), Progress());
    return strategies::parse_strategy(weighted_expression(run_.strategy, evidence));
  }

  const Table& table_;
  const SimulationPlan& plan_;
  const Stage& stage_;
  uint64_t seed_;
  learners::ChosenLearner learner_;
  strategies::ChosenStrategy chosen_;
  std::unique_ptr<learners::Model> model_;
  bool usable_ = false;  // Whether the strategy is shown what the model says.
  std::any memory_;
  std::vector<State> state_;
  std::vector<int32_t> arms_;   // Of the pool's rows: the arbiter's arm that picked it, or -1.
  std::vector<int64_t> order_;  // And in which round.
  std::vector<std::vector<int64_t>> picked_;
  size_t spent_ = 0;
  double started_ = 0;
  SimulationRun run_;
};

static void check_plan(const Table& table, const SimulationPlan& plan) {
  if (table.classes.size() < 2) {
    refuse("the data has {} classes in its label column; a simulation needs at least two",
           table.classes.size());
  }
  if (plan.seeds == 0 || plan.batch_size == 0 || plan.initial == 0) {
    refuse("seeds, batch_size and initial must be at least 1");
  }
  if (plan.budget < plan.initial)
    refuse("the budget of {} is below the {} initial labels", plan.budget, plan.initial);
  const auto learner = learner_for(plan.learner);
  for (const std::string& strategy : plan.strategies) strategy_for(strategy, *learner.card);
}

Simulation simulate(const Table& table, const SimulationPlan& plan, const Progress& progress) {
  check_plan(table, plan);
  const bool one_split = plan.test_fraction == 0;
  Stage shared;
  if (one_split) shared = make_stage(table, plan, 0, progress);

  Simulation simulation;
  simulation.rows = table.payloads.size();
  simulation.classes = table.classes.size();
  simulation.runs.resize(plan.strategies.size() * plan.seeds);
  std::atomic<size_t> done = 0;
  parallel_for(plan.seeds, 1, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) {
      const size_t seed = plan.first_seed + at;
      Stage stage = one_split ? shared : make_stage(table, plan, seed, progress);
      add_noise(stage, plan, table.classes.size(), seed);
      if (at == 0) {
        simulation.pool = stage.split.pool.size();
        simulation.test = stage.split.test.size();
      }
      for (size_t s = 0; s < plan.strategies.size(); ++s) {
        simulation.runs[s * plan.seeds + at] =
            Walk(table, plan, stage, plan.strategies[s], seed).run(progress);
        progress.at(static_cast<double>(++done), static_cast<double>(simulation.runs.size()),
                    "runs");
      }
    }
  });
  return simulation;
}

}  // namespace querist::loop
