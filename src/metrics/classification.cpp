// Counts and means over rows, in double precision.
#include "metrics/classification.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace querist::metrics {

static void check_labels(std::span<const int32_t> labels, size_t others, size_t classes) {
  if (labels.empty()) refuse("there are no labelled rows to measure on");
  if (labels.size() != others) {
    refuse("there are {} labels but {} predictions", labels.size(), others);
  }
  for (const int32_t label : labels) {
    if (label < 0 || static_cast<size_t>(label) >= classes) {
      refuse("class {} is out of range, there are {} classes", label, classes);
    }
  }
}

double accuracy(std::span<const int32_t> labels, std::span<const int32_t> predicted) {
  if (labels.empty()) refuse("there are no labelled rows to measure on");
  if (labels.size() != predicted.size()) {
    refuse("there are {} labels but {} predictions", labels.size(), predicted.size());
  }
  size_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += labels[i] == predicted[i];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

double balanced_accuracy(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                         size_t classes) {
  double sum = 0;
  size_t present = 0;
  for (const ClassScores& scores : class_scores(labels, predicted, classes)) {
    if (scores.support == 0) continue;
    sum += scores.recall;
    ++present;
  }
  return sum / static_cast<double>(present);
}

// The mean over rows of loss(row, class), weighted where there are weights.
template <class View, class Loss>
static double mean_loss(std::span<const int32_t> labels, const View& probabilities,
                        std::span<const double> weights, const Loss& loss) {
  check_labels(labels, probabilities.rows, probabilities.cols);
  if (!weights.empty() && weights.size() != labels.size())
    refuse("there are {} weights for {} labels", weights.size(), labels.size());
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    sum += weight * loss(probabilities.row(i), static_cast<size_t>(labels[i]));
    total += weight;
  }
  return sum / total;
}

static double log_loss_of(const auto& row, size_t label) {
  return -std::log(std::clamp(static_cast<double>(row[label]), 1e-15, 1.0));
}

static double brier_of(const auto& row, size_t label) {
  double sum = 0;
  for (size_t k = 0; k < row.size(); ++k) {
    const double gap = static_cast<double>(row[k]) - (label == k);
    sum += gap * gap;
  }
  return sum;
}

std::vector<double> log_losses(std::span<const int32_t> labels, MatrixView probabilities,
                               double least) {
  check_labels(labels, probabilities.rows, probabilities.cols);
  std::vector<double> losses;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto p = static_cast<double>(probabilities.row(i)[static_cast<size_t>(labels[i])]);
    losses.push_back(-std::log(std::clamp(p, least, 1.0)));
  }
  return losses;
}

double log_loss(std::span<const int32_t> labels, MatrixView probabilities) {
  return mean_loss(labels, probabilities, {},
                   [](const auto& row, size_t label) { return log_loss_of(row, label); });
}

double log_loss(std::span<const int32_t> labels, DoubleView probabilities,
                std::span<const double> weights) {
  return mean_loss(labels, probabilities, weights,
                   [](const auto& row, size_t label) { return log_loss_of(row, label); });
}

double brier_score(std::span<const int32_t> labels, MatrixView probabilities) {
  return mean_loss(labels, probabilities, {},
                   [](const auto& row, size_t label) { return brier_of(row, label); });
}

double brier_score(std::span<const int32_t> labels, DoubleView probabilities,
                   std::span<const double> weights) {
  return mean_loss(labels, probabilities, weights,
                   [](const auto& row, size_t label) { return brier_of(row, label); });
}

std::vector<int64_t> confusion_matrix(std::span<const int32_t> labels,
                                      std::span<const int32_t> predicted, size_t classes) {
  check_labels(labels, predicted.size(), classes);
  check_labels(predicted, labels.size(), classes);
  std::vector<int64_t> counts(classes * classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    ++counts[static_cast<size_t>(labels[i]) * classes + static_cast<size_t>(predicted[i])];
  }
  return counts;
}

static double ratio(int64_t part, int64_t whole) {
  return whole ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::vector<ClassScores> class_scores(std::span<const int32_t> labels,
                                      std::span<const int32_t> predicted, size_t classes) {
  check_labels(labels, predicted.size(), classes);
  check_labels(predicted, labels.size(), classes);
  std::vector<ClassScores> all(classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    ++all[static_cast<size_t>(labels[i])].support;
    ++all[static_cast<size_t>(predicted[i])].predicted;
    if (labels[i] == predicted[i]) ++all[static_cast<size_t>(labels[i])].both;
  }
  for (ClassScores& scores : all) {
    scores.precision = ratio(scores.both, scores.predicted);
    scores.recall = ratio(scores.both, scores.support);
    scores.f1 = ratio(2 * scores.both, scores.support + scores.predicted);
  }
  return all;
}

template <class View>
static std::vector<int32_t> largest(const View& probabilities) {
  std::vector<int32_t> out(probabilities.rows);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto row = probabilities.row(i);
    out[i] = static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return out;
}

std::vector<int32_t> likeliest(MatrixView probabilities) { return largest(probabilities); }
std::vector<int32_t> likeliest(DoubleView probabilities) { return largest(probabilities); }

}  // namespace querist::metrics
