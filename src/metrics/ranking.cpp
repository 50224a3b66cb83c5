// One walk down the sorted scores; tied rows step together.
#include "metrics/ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace querist::metrics {

RankedScores::RankedScores(std::span<const double> scores)
    : order_(scores.size()), last_tied_(scores.size(), 1) {
  if (scores.empty()) refuse("there are no scores to rank");
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) refuse("the score of row {} is NaN", i);
  }
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  for (size_t at = 0; at + 1 < order_.size(); ++at)
    last_tied_[at] = scores[order_[at]] != scores[order_[at + 1]];
}

static void check(size_t rows, std::span<const double> positives,
                  std::span<const double> negatives) {
  if (positives.size() != rows || negatives.size() != rows)
    refuse("there are {} scores for {} labels", rows, positives.size());
}

double RankedScores::roc_auc(std::span<const double> positives,
                             std::span<const double> negatives) const {
  check(order_.size(), positives, negatives);
  double above = 0;  // Positives with a higher score.
  double tied = 0;
  double others = 0;
  double others_tied = 0;
  double area = 0;
  for (size_t at = 0; at < order_.size(); ++at) {
    tied += positives[order_[at]];
    others_tied += negatives[order_[at]];
    if (!last_tied_[at]) continue;
    area += others_tied * (above + tied / 2);
    above += tied;
    others += others_tied;
    tied = others_tied = 0;
  }
  return above > 0 && others > 0 ? area / (above * others) : NAN;
}

double RankedScores::average_precision(std::span<const double> positives,
                                       std::span<const double> negatives) const {
  check(order_.size(), positives, negatives);
  double hits = 0;
  double seen = 0;
  double tied = 0;
  double sum = 0;
  for (size_t at = 0; at < order_.size(); ++at) {
    tied += positives[order_[at]];
    seen += positives[order_[at]] + negatives[order_[at]];
    if (!last_tied_[at]) continue;
    hits += tied;
    if (tied > 0) sum += tied * (hits / seen);
    tied = 0;
  }
  return hits > 0 ? sum / hits : 0;
}

// How much each row counts as one of the class, and as one of the others.
struct Sides {
  std::vector<double> positives;
  std::vector<double> negatives;
};

static Sides sides_of(std::span<const uint8_t> positive, std::span<const double> weights) {
  if (!weights.empty() && weights.size() != positive.size())
    refuse("there are {} weights for {} labels", weights.size(), positive.size());
  Sides sides{std::vector<double>(positive.size()), std::vector<double>(positive.size())};
  for (size_t i = 0; i < positive.size(); ++i) {
    (positive[i] ? sides.positives : sides.negatives)[i] = weights.empty() ? 1 : weights[i];
  }
  return sides;
}

double roc_auc(std::span<const double> scores, std::span<const uint8_t> positive,
               std::span<const double> weights) {
  const Sides sides = sides_of(positive, weights);
  return RankedScores(scores).roc_auc(sides.positives, sides.negatives);
}

double average_precision(std::span<const double> scores, std::span<const uint8_t> positive,
                         std::span<const double> weights) {
  const Sides sides = sides_of(positive, weights);
  return RankedScores(scores).average_precision(sides.positives, sides.negatives);
}

static std::vector<double> supports(std::span<const int32_t> labels, DoubleView scores,
                                    std::span<const double> weights) {
  if (labels.size() != scores.rows)
    refuse("there are {} labels for {} rows of scores", labels.size(), scores.rows);
  if (!weights.empty() && weights.size() != labels.size())
    refuse("there are {} weights for {} labels", weights.size(), labels.size());
  std::vector<double> sums(scores.cols);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<size_t>(labels[i]) >= scores.cols)
      refuse("class {} is out of range, there are {} classes", labels[i], scores.cols);
    sums[static_cast<size_t>(labels[i])] += weights.empty() ? 1 : weights[i];
  }
  return sums;
}

static std::vector<double> column(DoubleView scores, size_t k) {
  std::vector<double> out(scores.rows);
  for (size_t i = 0; i < out.size(); ++i) out[i] = scores.row(i)[k];
  return out;
}

// All cells of the table as one ranking.
static double roc_auc_of_cells(std::span<const int32_t> labels, DoubleView scores,
                               std::span<const double> weights) {
  std::vector<uint8_t> right(scores.rows * scores.cols);
  std::vector<double> each;
  for (size_t i = 0; i < labels.size(); ++i) {
    right[i * scores.cols + static_cast<size_t>(labels[i])] = 1;
    if (!weights.empty()) each.insert(each.end(), scores.cols, weights[i]);
  }
  return roc_auc({scores.values, right.size()}, right, each);
}

double roc_auc_one_vs_rest(std::span<const int32_t> labels, DoubleView scores, Average average,
                           std::span<const double> weights) {
  const std::vector<double> sums = supports(labels, scores, weights);
  if (average == Average::micro) return roc_auc_of_cells(labels, scores, weights);
  double sum = 0;
  double total = 0;
  for (size_t k = 0; k < scores.cols; ++k) {
    const double weight = average == Average::macro ? 1 : sums[k];
    if (weight == 0) continue;  // The area of a class without rows is not a number.
    std::vector<uint8_t> right(scores.rows);
    for (size_t i = 0; i < right.size(); ++i) right[i] = labels[i] == static_cast<int32_t>(k);
    sum += weight * roc_auc(column(scores, k), right, weights);
    total += weight;
  }
  return sum / total;
}

double roc_auc_one_vs_one(std::span<const int32_t> labels, DoubleView scores, Average average) {
  if (average == Average::micro) refuse("pairs of classes have no micro average");
  const std::vector<double> counts = supports(labels, scores, {});
  const size_t classes = scores.cols;
  std::vector<double> area(classes * classes);
  for (size_t k = 0; k < classes; ++k) {
    const std::vector<double> scores_k = column(scores, k);
    for (size_t other = 0; other < classes; ++other) {
      if (other == k || counts[k] == 0 || counts[other] == 0) continue;
      std::vector<double> pair;
      std::vector<uint8_t> right;
      for (size_t i = 0; i < labels.size(); ++i) {
        const auto label = static_cast<size_t>(labels[i]);
        if (label != k && label != other) continue;
        pair.push_back(scores_k[i]);
        right.push_back(label == k);
      }
      area[k * classes + other] = roc_auc(pair, right);
    }
  }
  double sum = 0;
  double total = 0;
  for (size_t a = 0; a < classes; ++a) {
    for (size_t b = a + 1; b < classes; ++b) {
      if (counts[a] == 0 || counts[b] == 0) continue;
      const double weight = average == Average::macro ? 1 : counts[a] + counts[b];
      sum += weight * (area[a * classes + b] + area[b * classes + a]) / 2;
      total += weight;
    }
  }
  return total > 0 ? sum / total : NAN;
}

}  // namespace querist::metrics
