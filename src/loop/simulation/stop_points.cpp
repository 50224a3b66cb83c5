// The history that the rules read, kept along the walk.
#include "loop/simulation/stop_points.h"

#include <algorithm>
#include <cmath>

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

StopPoints::StopPoints(const std::vector<std::string>& rules, Features pool, size_t batch_size,
                       uint64_t seed)
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
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (points_[i].labels) continue;
    points_[i].accuracy = step.accuracy;
    const auto advice = stopping::decide(*rules_[i].card, history_, rules_[i].params);
    if (advice.verdict == stopping::Verdict::stop)
      points_[i].labels = static_cast<double>(step.labels);
  }
}

}  // namespace querist::loop
