// The history that the rules read, kept along the walk.
#include "loop/simulation/stop_points.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/expression.h"
#include "base/rng.h"
#include "metrics/classification.h"

namespace querist::loop {

static constexpr size_t stop_set_size = 2000;  // As projects have it.

ChosenRule parse_rule(std::string_view expression) {
  const Expression parsed = parse_expression(expression);
  ChosenRule chosen{&stopping::find(parsed.name), {}};
  chosen.params = Params(chosen.card->params);
  for (const auto& [name, value] : parsed.settings) chosen.params.set_text(name, value);
  return chosen;
}

ChosenRule watched_rule(std::string_view expression, double audit_share, double cost_per_label) {
  ChosenRule rule = parse_rule(expression);
  const std::string_view name = rule.card->name;
  if (rule.card->reads_review) {
    refuse(
        "stopping: {} reads the random draws of a review, which a simulation does not make: leave "
        "it out; a project of two classes with the strategy certainty and an audit share has it",
        name);
  }
  if (rule.card->reads_audit && audit_share == 0) {
    refuse("stopping: {} reads audit labels, and there are none: set audit_share, such as 0.1",
           name);
  }
  if (name == "target_reached" && rule.params.number("target") == 0)
    refuse("stopping: target_reached needs its target, as in target_reached(target=0.9)");
  if (name == "cost_benefit" &&
      (rule.params.number("value_per_point") == 0 || cost_per_label == 0)) {
    refuse(
        "stopping: cost_benefit needs cost_per_label, and what a point of 100 is worth, as in "
        "cost_benefit(value_per_point=5)");
  }
  return rule;
}

StopPoints::StopPoints(const std::vector<std::string>& rules, Features pool, size_t batch_size,
                       size_t budget, uint64_t seed)
    : pool_(pool) {
  for (const std::string& rule : rules) {
    rules_.push_back(parse_rule(rule));
    points_.push_back({.rule = rule});
    reads_posteriors_ = reads_posteriors_ || rules_.back().card->reads_posteriors;
  }
  if (rules_.empty()) return;
  Rng rng(mix_seed(seed, 77));
  stop_rows_ = rng.sample(pool.rows, stop_set_size);
  std::sort(stop_rows_.begin(), stop_rows_.end());
  stop_set_ = take_rows(pool, stop_rows_);
  history_.batch_size = batch_size;
  history_.budget = budget;
}

static double mean_entropy(const Matrix& probabilities) {
  double sum = 0;
  for (const float p : probabilities.values) {
    if (p > 0) sum -= static_cast<double>(p) * std::log(static_cast<double>(p));
  }
  return sum / static_cast<double>(probabilities.rows);
}

void StopPoints::observe(const Step& step) {
  if (rules_.empty()) return;
  Matrix probabilities;
  const learners::Model& model = *step.trained.model;
  model.probabilities(stop_set_.view(), probabilities);
  stopping::ModelRecord record{.labels = step.labels,
                               .predictions = metrics::likeliest(probabilities),
                               .entropy = mean_entropy(probabilities),
                               .classes = model.classes()};
  if (!step.audit_rows.empty()) {
    const OwnedFeatures audit = take_rows(pool_, step.audit_rows);
    model.probabilities(audit.view(), probabilities);
    const auto predicted = metrics::likeliest(probabilities);
    metrics::Share right{0, static_cast<int64_t>(predicted.size())};
    for (size_t i = 0; i < predicted.size(); ++i)
      right.successes += predicted[i] == step.audit_labels[i];
    record.audit = metrics::wilson_interval(right.successes, right.trials);
    record.audit_labels = predicted.size();
    history_.audit = record.audit;
    history_.audit_labels = record.audit_labels;
    history_.audit_shares = {right};
  }
  if (reads_posteriors_) {
    record.posterior_step = posterior_step(pool_, before_, step.trained);
    before_ = step.trained;
  }
  history_.models.push_back(std::move(record));
  history_.labels = step.labels;
  history_.pool_left = step.pool_left;
  if (step.cost > 0) {  // An hour a label, so that the hour costs what labels did on average.
    history_.seconds_per_label = 3600;
    history_.cost_per_hour = step.cost / static_cast<double>(step.labels);
  }
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (points_[i].labels) continue;
    points_[i].accuracy = step.accuracy;
    const auto advice = stopping::decide(*rules_[i].card, history_, rules_[i].params);
    if (advice.verdict == stopping::Verdict::stop)
      points_[i].labels = static_cast<double>(step.labels);
  }
}

}  // namespace querist::loop
