// Gaps of bins, weighted.
#include "metrics/class_calibration.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/calibration.h"
#include "metrics/classification.h"

namespace querist::metrics {

static double weight_of(std::span<const double> weights, size_t row) {
  return weights.empty() ? 1 : weights[row];
}

double expected_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, std::span<const double> weights,
                                  size_t bins) {
  check_confidences(confidences, right, weights, bins);
  std::vector<double> gap(bins);
  double total = 0;
  for (size_t i = 0; i < confidences.size(); ++i) {
    const double weight = weight_of(weights, i);
    gap[confidence_bin(confidences[i], bins)] += weight * (confidences[i] - (right[i] != 0));
    total += weight;
  }
  double sum = 0;
  for (const double value : gap) sum += std::abs(value);
  return sum / total;
}

double classwise_calibration_error(std::span<const int32_t> labels, DoubleView probabilities,
                                   size_t bins, std::span<const double> weights) {
  if (labels.size() != probabilities.rows)
    refuse("there are {} labels for {} rows of probabilities", labels.size(), probabilities.rows);
  std::vector<double> confidences(labels.size());
  std::vector<uint8_t> right(labels.size());
  double sum = 0;
  for (size_t k = 0; k < probabilities.cols; ++k) {
    for (size_t i = 0; i < labels.size(); ++i) {
      confidences[i] = probabilities.row(i)[k];
      right[i] = labels[i] == static_cast<int32_t>(k);
    }
    sum += expected_calibration_error(confidences, right, weights, bins);
  }
  return sum / static_cast<double>(probabilities.cols);
}

double debiased_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, size_t bins,
                                  std::span<const double> weights) {
  check_confidences(confidences, right, weights, bins);
  struct Bin {
    double count = 0;
    double hits = 0;
    double confidence = 0;
  };
  const auto bin_of = equal_count_bins(confidences, bins);
  std::vector<Bin> filled(std::min(bins, confidences.size()));
  double total = 0;
  for (size_t i = 0; i < confidences.size(); ++i) {
    const double weight = weight_of(weights, i);
    Bin& bin = filled[bin_of[i]];
    bin.count += weight;
    bin.hits += weight * (right[i] != 0);
    bin.confidence += weight * confidences[i];
    total += weight;
  }
  double sum = 0;
  for (const auto& [count, hits, confidence] : filled) {
    if (count < 2) continue;
    const double accuracy = hits / count;
    const double gap = confidence / count - accuracy;
    sum += count * (gap * gap - accuracy * (1 - accuracy) / (count - 1));
  }
  return std::sqrt(std::max(0.0, sum / total));
}

TopLabels top_labels(std::span<const int32_t> labels, DoubleView probabilities) {
  if (labels.size() != probabilities.rows)
    refuse("there are {} labels for {} rows of probabilities", labels.size(), probabilities.rows);
  const std::vector<int32_t> predicted = likeliest(probabilities);
  TopLabels top;
  for (size_t i = 0; i < labels.size(); ++i) {
    top.confidences.push_back(probabilities.row(i)[static_cast<size_t>(predicted[i])]);
    top.right.push_back(predicted[i] == labels[i]);
  }
  return top;
}

}  // namespace querist::metrics
