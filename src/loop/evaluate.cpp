// Puts the metrics into the JSON that the API and the page read.
#include "loop/evaluate.h"

#include <algorithm>

#include "base/error.h"
#include "loop/estimate_json.h"
#include "metrics/calibration.h"
#include "metrics/calibration_interval.h"
#include "metrics/classification.h"
#include "metrics/decision.h"
#include "metrics/intervals.h"

namespace querist::loop {

// Rows are labels, columns predictions.
static Json confusion_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                           size_t classes) {
  const auto counts = metrics::confusion_matrix(labels, predicted, classes);
  Json rows = Json::array();
  for (size_t c = 0; c < classes; ++c) {
    rows.push_back(
        std::vector<int64_t>(counts.begin() + static_cast<std::ptrdiff_t>(c * classes),
                             counts.begin() + static_cast<std::ptrdiff_t>((c + 1) * classes)));
  }
  return rows;
}

static Json per_class_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                           const std::vector<std::string>& classes) {
  Json rows = Json::array();
  for (size_t c = 0; c < classes.size(); ++c) {
    int64_t support = 0, said = 0, hits = 0;
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

Json accuracy_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                   std::span<const int32_t> groups) {
  std::vector<uint8_t> right;
  for (size_t i = 0; i < labels.size(); ++i) right.push_back(labels[i] == predicted[i]);
  if (!groups.empty()) return estimate_json(metrics::cluster_share_interval(right, groups));
  return share_json(std::ranges::count(right, 1), static_cast<int64_t>(labels.size()));
}

// How sure the model is of the likeliest class, and whether that is right.
struct Confidences {
  std::vector<double> values;
  std::vector<uint8_t> right;

  Confidences(std::span<const int32_t> labels, const Matrix& probabilities) {
    const auto likeliest = metrics::likeliest(probabilities);
    for (size_t i = 0; i < labels.size(); ++i) {
      right.push_back(labels[i] == likeliest[i]);
      values.push_back(probabilities.at(i, static_cast<size_t>(likeliest[i])));
    }
  }
  Json error_json() const {
    return estimate_json(metrics::expected_calibration_error_interval(values, right));
  }
};

Json calibration_report(const Json& stored, std::span<const int32_t> labels, const Matrix& plain) {
  return {{"name", stored["name"]},
          {"labels", stored["labels"]},
          {"ece_before", Confidences(labels, plain).error_json()},
          {"log_loss_before", metrics::log_loss(labels, plain)}};
}

Json evaluation_json(std::span<const int32_t> labels, const Matrix& probabilities,
                     const std::vector<std::string>& classes, std::span<const double> class_weights,
                     std::span<const int32_t> groups) {
  const auto predicted = metrics::decide(probabilities, class_weights);
  const Confidences confidences(labels, probabilities);
  std::vector<metrics::Share> recalls;
  for (const auto& scores : metrics::class_scores(labels, predicted, classes.size())) {
    recalls.push_back({scores.both, scores.support});
  }
  const auto balanced = metrics::mean_share_interval(recalls);
  Json reliability = Json::array();
  for (const auto& bin : metrics::reliability_table(confidences.values, confidences.right, 10)) {
    reliability.push_back({{"low", bin.low},
                           {"high", bin.high},
                           {"count", bin.count},
                           {"confidence", bin.confidence},
                           {"accuracy", bin.accuracy},
                           {"ci_low", bin.ci_low},
                           {"ci_high", bin.ci_high}});
  }
  return {{"audit_labels", labels.size()},
          {"accuracy", accuracy_json(labels, predicted, groups)},
          {"balanced_accuracy", estimate_json(balanced)},
          {"log_loss", metrics::log_loss(labels, probabilities)},
          {"ece", confidences.error_json()},
          {"confusion", confusion_json(labels, predicted, classes.size())},
          {"per_class", per_class_json(labels, predicted, classes)},
          {"reliability", reliability}};
}

}  // namespace querist::loop
