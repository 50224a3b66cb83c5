// The simulated loop of one strategy.
#include "loop/simulation/walk.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "loop/arbiter.h"
#include "loop/audit.h"
#include "loop/calibration.h"
#include "loop/labels_saved.h"
#include "loop/learner_choice.h"
#include "loop/out_of_fold.h"
#include "loop/semi_supervised.h"
#include "loop/simulation/task_choices.h"
#include "loop/usable_model.h"
#include "metrics/calibration.h"
#include "metrics/classification.h"

namespace querist::loop {

Walk::Walk(const Table& table, const SimulationPlan& plan, const Stage& stage,
           const std::string& strategy, uint64_t seed)
    : table_(table),
      plan_(plan),
      stage_(stage),
      seed_(seed),
      learner_(planned_learner(plan)),
      chosen_(planned_strategy(strategy, plan)),
      stop_points_(plan.stopping, stage.pool.features(), plan.batch_size, plan.budget, seed) {
  run_.strategy = strategy;
  run_.learner = plan.learner;
  run_.featurizer = plan.featurizer;
  run_.seed = seed;
  state_.assign(stage.split.pool.size(), State::open);
  arms_.assign(state_.size(), -1);
  order_.assign(state_.size(), 0);
  guarded_ = plan.guard && plan.audit_share > 0 && is_guarded(strategy);
  started_ = monotonic_seconds();
}

SimulationRun Walk::run(const Progress& progress) {
  Rng rng(mix_seed(seed_, 4));
  take(initial_rows(stage_, plan_, table_.classes.size(), rng), State::trained, true);
  for (;;) {
    progress.check();
    train(progress);
    measure();
    const size_t left =
        std::min(plan_.budget - std::min(plan_.budget, spent_), state_.size() - spent_);
    if (left == 0) {
      run_.stops = stop_points_.take();
      estimate_savings(progress);
      return std::move(run_);
    }
    started_ = monotonic_seconds();
    choose(std::min(plan_.batch_size, left), progress);
  }
}

std::vector<int64_t> Walk::rows_in(State state) const {
  if (state == State::audit && audited_.rows.empty()) return {};
  std::vector<int64_t> rows(state_.size() + 1);  // Every row is written, and kept if it counts.
  size_t count = 0;
  for (size_t i = 0; i < state_.size(); ++i) {
    rows[count] = static_cast<int64_t>(i);
    count += state_[i] == state;
  }
  rows.resize(count);
  return rows;
}

void Walk::take(const std::vector<int64_t>& rows, State state, bool chosen) {
  if (picked_.empty()) picked_.emplace_back();
  WalkLabels& noted = state == State::audit ? audited_ : learnt_;
  for (const int64_t row : rows) {
    state_[static_cast<size_t>(row)] = state;
    if (!stage_.pool_costs.empty()) cost_ += stage_.pool_costs[static_cast<size_t>(row)];
    picked_.back().push_back(
        table_.source_rows[static_cast<size_t>(stage_.split.pool[static_cast<size_t>(row)])]);
    noted.rows.push_back(row);
    noted.labels.push_back(stage_.pool_labels[static_cast<size_t>(row)]);
    noted.chosen.push_back(chosen);
    if (state == State::trained)
      audit_before_.push_back(static_cast<int64_t>(audited_.rows.size()));
  }
  spent_ += rows.size();
}

size_t Walk::draw(size_t count, State state, bool chosen, Rng& rng) {
  if (count == 0) return 0;
  const auto open = rows_in(State::open);
  std::vector<int64_t> drawn;
  for (const int64_t at : rng.sample(open.size(), count))
    drawn.push_back(open[static_cast<size_t>(at)]);
  take(drawn, state, chosen);
  return drawn.size();
}

std::vector<int32_t> Walk::labels_of(const std::vector<int64_t>& rows) const {
  std::vector<int32_t> labels;
  for (const int64_t row : rows) labels.push_back(stage_.pool_labels[static_cast<size_t>(row)]);
  return labels;
}

void Walk::train(const Progress& progress) {
  if (plan_.task == Task::regression) return train_numbers(progress);
  if (plan_.task == Task::multi_label) return train_sets(progress);
  const auto rows = rows_in(State::trained);
  const OwnedFeatures features = stage_.pool.owned(rows);
  Dataset data;
  data.features = features.view();
  data.labels = labels_of(rows);
  data.classes = table_.classes.size();
  if (is_auto_learner(plan_.learner)) choose_learner(data, progress);
  OwnedFeatures doubled;
  const Dataset taught = plan_.augment == "none" ? data : augmented(data, rows, doubled);
  model_ = learners::train(*learner_.card, taught, learner_.params, model_.get(),
                           mix_seed(seed_, 5), progress);
  usable_ = !chosen_.card->handles_no_model || is_usable(data.labels, data.classes);
  soften(data, progress);
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

// As a project's training step does; a simulated model is measured as it is, without a calibration.
void Walk::soften(const Dataset& data, const Progress& progress) {
  if (!takes_temperature(chosen_) || !has_outgrown(data.labels.size(), softened_labels_)) return;
  softened_labels_ = data.labels.size();
  const auto held_out =
      out_of_fold(*learner_.card, data, learner_.params, *model_, seed_, progress);
  if (!held_out) return;
  temperature_ = held_out_temperature(data, *held_out, weighs_classes_alike(learner_.params));
}

Dataset Walk::augmented(const Dataset& data, std::vector<int64_t> rows,
                        OwnedFeatures& doubled) const {
  const size_t count = rows.size();
  for (size_t i = 0; i < count; ++i)
    rows.push_back(rows[i] + static_cast<int64_t>(stage_.pool_labels.size()));
  doubled = take_rows(stage_.doubled.features(), rows);
  Dataset both = data;
  both.features = doubled.view();
  both.labels.insert(both.labels.end(), data.labels.begin(), data.labels.end());
  both.weights.assign(2 * count, 0.5f);  // A label counts once.
  return both;
}

void Walk::choose_learner(const Dataset& data, const Progress& progress) {
  const auto choice =
      loop::choose_learner(data, learner_record_, "", "none", mix_seed(seed_, 8), progress);
  if (choice.learner.card != learner_.card) model_.reset();  // It cannot start from another kind.
  learner_ = choice.learner;
  learner_record_ = choice.record;
  run_.learners.emplace_back(learner_.card->name);
}

static double calibration_error(const Matrix& probabilities, std::span<const int32_t> predicted,
                                std::span<const int32_t> labels) {
  std::vector<double> confidences(predicted.size());
  std::vector<uint8_t> right(predicted.size());
  for (size_t i = 0; i < predicted.size(); ++i) {
    const double confidence = probabilities.at(i, static_cast<size_t>(predicted[i]));
    confidences[i] = std::min(1.0, confidence);  // A sum of floats may end above one.
    right[i] = predicted[i] == labels[i];
  }
  return metrics::expected_calibration_error(confidences, right);
}

void Walk::measure() {
  run_.labels.push_back(static_cast<double>(spent_));
  if (!stage_.pool_costs.empty()) run_.cost.push_back(cost_);
  if (plan_.task == Task::regression) {
    measure_numbers();
  } else if (plan_.task == Task::multi_label) {
    measure_sets();
  } else {
    measure_classes();
  }
  run_.indices.push_back(std::move(picked_.back()));
  picked_.clear();
}

void Walk::measure_classes() {
  Matrix probabilities;
  final_->probabilities(stage_.test.features(), probabilities);
  const auto predicted = metrics::likeliest(probabilities);
  run_.accuracy.push_back(metrics::accuracy(stage_.test_labels, predicted));
  run_.balanced_accuracy.push_back(
      metrics::balanced_accuracy(stage_.test_labels, predicted, table_.classes.size()));
  run_.log_loss.push_back(metrics::log_loss(stage_.test_labels, probabilities));
  run_.ece.push_back(calibration_error(probabilities, predicted, stage_.test_labels));
  if (plan_.typos > 0) {
    final_->probabilities(stage_.typo_test.features(), probabilities);
    run_.typo_accuracy.push_back(
        metrics::accuracy(stage_.test_labels, metrics::likeliest(probabilities)));
  }
  run_.seconds.push_back(monotonic_seconds() - started_);
  const auto audit = rows_in(State::audit);
  // Rows taught with typos beside them are not those that the posterior would be of.
  const bool is_plain = plan_.augment == "none";
  const TrainedRows trained{model_, is_plain ? learnt_.rows : std::vector<int64_t>{},
                            is_plain ? learnt_.labels : std::vector<int32_t>{},
                            weighs_classes_alike(learner_.params)};
  stop_points_.observe({.trained = trained,
                        .labels = spent_,
                        .cost = cost_,
                        .pool_left = state_.size() - spent_,
                        .accuracy = run_.accuracy.back(),
                        .audit_rows = audit,
                        .audit_labels = labels_of(audit)});
}

void Walk::estimate_savings(const Progress& progress) {
  const size_t classes = table_.classes.size();
  const auto open = rows_in(State::open);
  if (!plan_.labels_saved ||
      !unsaved_reason(learnt_.rows.size(), audited_.rows.size(), open.size(), classes).empty() ||
      !too_dear_reason(*learner_.card, stage_.pool.features(), classes).empty())
    return;
  run_.labels_saved = estimate_labels_saved(*learner_.card, learner_.params,
                                            {.features = stage_.pool.features(),
                                             .rows = learnt_.rows,
                                             .labels = learnt_.labels,
                                             .audit_before = audit_before_,
                                             .audit_rows = audited_.rows,
                                             .audit_labels = audited_.labels,
                                             .unlabeled = open,
                                             .present = model_.get(),
                                             .classes = classes},
                                            mix_seed(seed_, 9), progress);
}

void Walk::watch(const Progress& progress) {
  if (!guarded_) return;
  guard_.watch(learner_, stage_.pool.features(), table_.classes.size(), learnt_, audited_,
               mix_seed(seed_, 6), progress);
  if (guard_.turn() == GuardTurn::raised) run_.guard_raised.push_back(run_.labels.size());
  if (guard_.turn() == GuardTurn::ended) run_.guard_ended.push_back(run_.labels.size());
}

void Walk::choose(size_t batch_size, const Progress& progress) {
  Rng rng(mix_seed(seed_, 1000 + run_.labels.size()));
  const auto measured = static_cast<int64_t>(rows_in(State::audit).size());
  const double share = audit_share_now(plan_.audit_share, measured);
  const size_t audit = draw(audit_count(share, batch_size, rng).drawn, State::audit, false, rng);
  watch(progress);
  const size_t drawn = audit + draw(random_count(guard_.random_share(), batch_size, audit, rng),
                                    State::trained, false, rng);
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
  pool.checked = run_.labels.size() > 1;  // The features stay what the door saw at first.
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
  Numbers numbers;
  if (plan_.task == Task::regression) show_numbers(labeled, numbers, pool);
  Matrix sets;
  if (plan_.task == Task::multi_label) show_sets(labeled, sets, pool);
  if (has(read, Signal::embeddings)) {
    pool.embeddings =
        stage_.pool.geometry.cols ? Features(stage_.pool.geometry) : stage_.pool.features();
  }
  auto chosen = arbitrated(labeled, labels);
  if (takes_temperature(chosen)) chosen.params.set("temperature", temperature_);
  const auto selection =
      strategies::select_batch(*chosen.card, pool, batch_size - drawn, chosen.params, rng.next64());
  take(selection.rows, State::trained, true);
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
