// The simulated loop of one strategy.
#include "loop/simulation/walk.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "loop/arbiter.h"
#include "loop/audit.h"
#include "loop/semi_supervised.h"
#include "loop/signals.h"
#include "loop/usable_model.h"
#include "metrics/classification.h"

namespace querist::loop {

Walk::Walk(const Table& table, const SimulationPlan& plan, const Stage& stage,
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

SimulationRun Walk::run(const Progress& progress) {
  Rng rng(mix_seed(seed_, 4));
  take(initial_rows(stage_, plan_, table_.classes.size(), rng), State::trained);
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

std::vector<int64_t> Walk::rows_in(State state) const {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < state_.size(); ++i) {
    if (state_[i] == state) rows.push_back(static_cast<int64_t>(i));
  }
  return rows;
}

void Walk::take(const std::vector<int64_t>& rows, State state) {
  if (picked_.empty()) picked_.emplace_back();
  for (const int64_t row : rows) {
    state_[static_cast<size_t>(row)] = state;
    picked_.back().push_back(
        table_.source_rows[static_cast<size_t>(stage_.split.pool[static_cast<size_t>(row)])]);
  }
  spent_ += rows.size();
}

std::vector<int32_t> Walk::labels_of(const std::vector<int64_t>& rows) const {
  std::vector<int32_t> labels;
  for (const int64_t row : rows) labels.push_back(stage_.pool_labels[static_cast<size_t>(row)]);
  return labels;
}

void Walk::train(const Progress& progress) {
  const auto rows = rows_in(State::trained);
  const OwnedFeatures features = take_rows(stage_.pool.features(), rows);
  Dataset data;
  data.features = features.view();
  data.labels = labels_of(rows);
  data.classes = table_.classes.size();
  model_ = learners::train(*learner_.card, data, learner_.params, model_.get(), mix_seed(seed_, 5),
                           progress);
  usable_ =
      !chosen_.card->handles_no_model || is_usable(*learner_.card, data, learner_.params, seed_);
  add_pseudo_labels(data, rows, progress);
}

void Walk::add_pseudo_labels(const Dataset& data, std::span<const int64_t> rows,
                             const Progress& progress) {
  const auto before = std::exchange(final_, model_);
  if (plan_.ssl == "off") return;
  const auto audit = rows_in(State::audit);
  const auto audit_labels = labels_of(audit);
  const auto found =
      semi_supervise({.features = stage_.pool.features(),
                      .geometry = stage_.pool.geometry.cols ? Features(stage_.pool.geometry)
                                                            : stage_.pool.features(),
                      .rows = rows,
                      .labels = data.labels,
                      .audit_rows = audit,
                      .audit_labels = audit_labels,
                      .classes = data.classes},
                     {.setting = plan_.ssl, .seed = mix_seed(seed_, 5)}, *learner_.card,
                     learner_.params, model_, before.get(), progress);
  if (found.model) final_ = found.model;
  run_.semi_supervised.push_back(found.report);
}

void Walk::measure() {
  Matrix probabilities;
  final_->probabilities(stage_.test.features(), probabilities);
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

void Walk::choose(size_t batch_size) {
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
    pool.member_probabilities = {model_->members(), pool.size, members.cols, members.values.data()};
  }
  if (has(read, Signal::embeddings)) {
    pool.embeddings =
        stage_.pool.geometry.cols ? Features(stage_.pool.geometry) : stage_.pool.features();
  }
  const auto chosen = arbitrated(labeled, labels);
  const auto selection =
      strategies::select_batch(*chosen.card, pool, batch_size - audit, chosen.params, rng.next64());
  take(selection.rows, State::trained);
  for (size_t i = 0; i < selection.arms.size(); ++i) {
    arms_[static_cast<size_t>(selection.rows[i])] = selection.arms[i];
    order_[static_cast<size_t>(selection.rows[i])] = static_cast<int64_t>(run_.labels.size());
  }
}

strategies::ChosenStrategy Walk::arbitrated(std::span<const int64_t> labeled,
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

}  // namespace querist::loop
