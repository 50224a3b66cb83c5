// Models without the newest labels of one strategy, beside the model with all of them.
#include "loop/arbiter.h"

#include <algorithm>
#include <cmath>

#include "metrics/classification.h"
#include "metrics/intervals.h"
#include "strategies/composing/stages.h"
#include "strategies/door/expression.h"

namespace querist::loop {

static constexpr double least_share = 0.05;  // Of an even share: so that an arm can come back.
static constexpr double most_score = 4;      // One lucky audit set does not settle it for good.

bool is_arbiter(std::string_view expression) {
  return strategies::parse_strategy(expression).card->name == "arbiter";
}

static std::vector<strategies::WeightedStrategy> portfolio(std::string_view expression) {
  return strategies::portfolio(strategies::parse_strategy(expression).params.text("portfolio"));
}

std::vector<std::string> arms_of(std::string_view expression) {
  std::vector<std::string> names;
  for (const auto& arm : portfolio(expression)) names.push_back(arm.expression);
  return names;
}

// Row by row, -ln p(label) of a model trained on the rows that `kept` marks. p is at least 1e-6:
// one label that a model rules out must not outweigh all others.
static std::vector<double> audit_losses(const learners::Learner& learner, const Params& params,
                                        const ArbiterData& data, const Features& audit,
                                        const std::vector<bool>& kept, uint64_t seed,
                                        const Progress& progress) {
  std::vector<int64_t> rows;
  Dataset part;
  part.classes = data.classes;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    if (!kept[i]) continue;
    rows.push_back(data.rows[i]);
    part.labels.push_back(data.labels[i]);
  }
  const OwnedFeatures features = take_rows(data.features, rows);
  part.features = features.view();
  Matrix probabilities;
  learners::train(learner, part, params, nullptr, seed, progress)
      ->probabilities(audit, probabilities);
  return metrics::log_losses(data.audit_labels, probabilities, 1e-6);
}

// Marks all labels but the newest `count` of one arm.
static std::vector<bool> without_newest(const ArbiterData& data, int32_t arm, size_t count) {
  std::vector<size_t> own;
  for (size_t i = 0; i < data.arms.size(); ++i) {
    if (data.arms[i] == arm) own.push_back(i);
  }
  std::sort(own.begin(), own.end(), [&](size_t a, size_t b) {
    return data.order[a] != data.order[b] ? data.order[a] > data.order[b] : a > b;
  });
  std::vector<bool> kept(data.rows.size(), true);
  for (size_t i = 0; i < std::min(count, own.size()); ++i) kept[own[i]] = false;
  return kept;
}

// Scores from the losses that each arm's labels save, row by row of the audit set.
static void score_arms(const std::vector<std::vector<double>>& saved,
                       const std::vector<size_t>& judged, size_t count,
                       std::vector<ArmEvidence>& arms) {
  const size_t rows = saved[0].size();
  for (size_t k = 0; k < judged.size(); ++k) {
    std::vector<double> beyond(rows);  // What the others' mean would have saved.
    for (size_t i = 0; i < rows; ++i) {
      double others = 0;
      for (size_t j = 0; j < judged.size(); ++j) others += j == k ? 0 : saved[j][i];
      beyond[i] = saved[k][i] - others / static_cast<double>(judged.size() - 1);
    }
    ArmEvidence& arm = arms[judged[k]];
    arm.gain = metrics::mean(saved[k]) / static_cast<double>(count);
    const double error = metrics::standard_deviation(beyond) / std::sqrt(static_cast<double>(rows));
    if (error > 0) arm.score = std::clamp(metrics::mean(beyond) / error, -most_score, most_score);
  }
}

static void normalise(std::vector<ArmEvidence>& arms, bool keeps_least) {
  double total = 0;
  for (const ArmEvidence& arm : arms) total += arm.weight;
  for (ArmEvidence& arm : arms) arm.weight /= total;
  if (!keeps_least) return;
  const double least = least_share / static_cast<double>(arms.size());
  for (ArmEvidence& arm : arms) {
    arm.weight = least + (1 - least * static_cast<double>(arms.size())) * arm.weight;
  }
}

std::vector<ArmEvidence> weigh_arms(std::string_view expression, const learners::Learner& learner,
                                    const Params& params, const ArbiterData& data, uint64_t seed,
                                    const Progress& progress) {
  std::vector<ArmEvidence> arms;
  for (const auto& arm : portfolio(expression)) {
    arms.push_back({.strategy = arm.expression, .weight = arm.weight});
  }
  for (const int32_t arm : data.arms) {
    if (arm >= 0) ++arms[static_cast<size_t>(arm)].labels;
  }
  std::vector<size_t> judged;
  size_t count = data.rows.size() / 2;
  for (size_t k = 0; k < arms.size(); ++k) {
    if (arms[k].labels < arbiter_labels) continue;
    judged.push_back(k);
    count = std::min(count, arms[k].labels);
  }
  const bool has_evidence = judged.size() >= 2 && data.audit_rows.size() >= arbiter_audit;
  if (has_evidence) {
    const std::vector<bool> all(data.rows.size(), true);
    const OwnedFeatures audit = take_rows(data.features, data.audit_rows);
    const auto whole = audit_losses(learner, params, data, audit.view(), all, seed, progress);
    std::vector<std::vector<double>> saved;
    for (const size_t k : judged) {
      progress.check();
      const auto kept = without_newest(data, static_cast<int32_t>(k), count);
      auto losses = audit_losses(learner, params, data, audit.view(), kept, seed, progress);
      for (size_t i = 0; i < losses.size(); ++i) losses[i] -= whole[i];
      saved.push_back(std::move(losses));
    }
    score_arms(saved, judged, count, arms);
    for (ArmEvidence& arm : arms) arm.weight *= std::exp(arm.score);
  }
  normalise(arms, has_evidence);
  return arms;
}

std::string weighted_expression(std::string_view expression,
                                std::span<const ArmEvidence> evidence) {
  std::string list;
  for (const ArmEvidence& arm : evidence) {
    if (!list.empty()) list += ", ";
    list += fmt::format("{}:{:.4f}", arm.strategy, arm.weight);
  }
  QUERIST_CHECK(is_arbiter(expression));
  return fmt::format("arbiter(portfolio=({}))", list);
}

Json evidence_json(std::span<const ArmEvidence> evidence) {
  Json rows = Json::array();
  for (const ArmEvidence& arm : evidence) {
    rows.push_back({{"strategy", arm.strategy},
                    {"labels", arm.labels},
                    {"gain", arm.gain},
                    {"score", arm.score},
                    {"weight", arm.weight}});
  }
  return rows;
}

}  // namespace querist::loop
