// Puts the metrics into the JSON that the API and the page read.
#include "loop/evaluate.h"

#include "base/error.h"
#include "metrics/calibration.h"
#include "metrics/classification.h"
#include "metrics/intervals.h"
#include "metrics/tests.h"

namespace querist::loop {

static Json estimate_json(const metrics::Estimate& estimate) {
  return {{"value", estimate.value},
          {"ci_low", estimate.ci_low},
          {"ci_high", estimate.ci_high},
          {"method", estimate.method}};
}

static Json share_json(size_t hits, size_t total) {
  return total == 0 ? Json(nullptr) : estimate_json(metrics::wilson_interval(hits, total));
}

static Json per_class_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                           const std::vector<std::string>& classes) {
  Json rows = Json::array();
  for (size_t c = 0; c < classes.size(); ++c) {
    size_t support = 0, said = 0, hits = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      const bool is = labels[i] == static_cast<int32_t>(c);
      const bool called = predicted[i] == static_cast<int32_t>(c);
      support += is;
      said += called;
      hits += is && called;
    }
    rows.push_back({{"class", classes[c]},
                    {"support", support},
                    {"recall", share_json(hits, support)},
                    {"precision", share_json(hits, said)}});
  }
  return rows;
}

Json evaluation_json(std::span<const int32_t> labels, const Matrix& probabilities,
                     const std::vector<std::string>& classes, uint64_t seed) {
  const auto predicted = metrics::predicted_classes(probabilities);
  size_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += labels[i] == predicted[i];
  const auto balanced = metrics::bootstrap_interval(
      labels.size(),
      [&](std::span<const size_t> sample) {
        std::vector<int32_t> drawn_labels, drawn_predicted;
        for (const size_t i : sample) {
          drawn_labels.push_back(labels[i]);
          drawn_predicted.push_back(predicted[i]);
        }
        return metrics::balanced_accuracy(drawn_labels, drawn_predicted, classes.size());
      },
      seed);
  Json reliability = Json::array();
  for (const auto& bin : metrics::reliability_table(labels, probabilities, 10)) {
    if (bin.count == 0) continue;
    reliability.push_back({{"low", bin.low},
                           {"high", bin.high},
                           {"count", bin.count},
                           {"confidence", bin.confidence},
                           {"accuracy", bin.accuracy.value},
                           {"ci_low", bin.accuracy.ci_low},
                           {"ci_high", bin.accuracy.ci_high}});
  }
  return {
      {"audit_labels", labels.size()},
      {"accuracy", share_json(right, labels.size())},
      {"balanced_accuracy", estimate_json(balanced)},
      {"log_loss", metrics::log_loss(labels, probabilities)},
      {"ece", estimate_json(metrics::expected_calibration_error(labels, probabilities, 15, seed))},
      {"confusion", metrics::confusion_matrix(labels, predicted, classes.size())},
      {"per_class", per_class_json(labels, predicted, classes)},
      {"reliability", reliability}};
}

Gate paired_gate(std::span<const int32_t> labels, const Matrix& challenger, const Matrix& champion,
                 uint64_t seed) {
  Gate gate;
  gate.audit_labels = labels.size();
  const auto ours = metrics::predicted_classes(challenger);
  const auto theirs = metrics::predicted_classes(champion);
  std::vector<double> differences;
  size_t only_ours = 0, only_theirs = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool we = ours[i] == labels[i];
    const bool they = theirs[i] == labels[i];
    only_ours += we && !they;
    only_theirs += they && !we;
    differences.push_back(static_cast<double>(we) - static_cast<double>(they));
  }
  if (labels.size() < gate_minimum) {
    gate.passed = true;
    gate.sentence = fmt::format(
        "Taken without a test: {} audit labels cannot tell two models apart ({} needed).",
        labels.size(), gate_minimum);
    return gate;
  }
  const auto interval = metrics::bootstrap_mean(differences, seed);
  gate.difference = interval.value;
  gate.ci_low = interval.ci_low;
  gate.ci_high = interval.ci_high;
  gate.p_value = metrics::mcnemar_exact(only_ours, only_theirs);
  gate.passed = gate.difference >= 0;
  gate.sentence = fmt::format(
      "On the same {} audit examples it is right on {} that the champion gets wrong, and wrong on "
      "{} that the champion gets "
      "right: {}.",
      labels.size(), only_ours, only_theirs,
      gate.passed ? "passed" : "not passed, it must not be worse");
  return gate;
}

Json gate_json(const Gate& gate, int64_t against) {
  const bool tested = gate.audit_labels >= gate_minimum;
  return {{"passed", gate.passed},
          {"against", against},
          {"difference", tested ? Json(gate.difference) : Json(nullptr)},
          {"ci_low", tested ? Json(gate.ci_low) : Json(nullptr)},
          {"ci_high", tested ? Json(gate.ci_high) : Json(nullptr)},
          {"p_value", tested ? Json(gate.p_value) : Json(nullptr)},
          {"audit_labels", gate.audit_labels},
          {"sentence", gate.sentence}};
}

}  // namespace querist::loop
