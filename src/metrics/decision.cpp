// Sweeps one class's weight over all values at which a prediction changes, with counts that follow.
#include "metrics/decision.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace querist::metrics {

static constexpr int most_passes = 10;
static constexpr double least_gain = 1e-12;  // Less is rounding.

size_t decide(std::span<const float> probabilities, std::span<const double> class_weights) {
  const auto value = [&](size_t c) {
    return static_cast<double>(probabilities[c]) * (class_weights.empty() ? 1 : class_weights[c]);
  };
  size_t best = 0;
  for (size_t c = 1; c < probabilities.size(); ++c) {
    if (value(c) > value(best)) best = c;
  }
  return best;
}

std::vector<int32_t> decide(MatrixView probabilities, std::span<const double> class_weights) {
  std::vector<int32_t> out;
  out.reserve(probabilities.rows);
  for (size_t i = 0; i < probabilities.rows; ++i)
    out.push_back(static_cast<int32_t>(decide(probabilities.row(i), class_weights)));
  return out;
}

DecisionMetric decision_metric(std::string_view name) {
  if (name == "accuracy") return DecisionMetric::accuracy;
  if (name == "balanced_accuracy") return DecisionMetric::balanced_accuracy;
  if (name == "f1") return DecisionMetric::f1;
  if (name == "mcc") return DecisionMetric::mcc;
  refuse("the metric to decide by must be accuracy, balanced_accuracy, f1 or mcc, not \"{}\"",
         name);
}

// What all four metrics are made of; whole numbers, so that adding and taking away is exact.
class Counts {
 public:
  Counts(std::span<const int32_t> labels, std::span<const int32_t> predicted, size_t classes)
      : labelled_(classes), predicted_(classes), both_(classes) {
    for (size_t i = 0; i < labels.size(); ++i) {
      labelled_[static_cast<size_t>(labels[i])] += 1;
      count(static_cast<size_t>(labels[i]), static_cast<size_t>(predicted[i]), 1);
    }
  }

  void move(size_t label, size_t from, size_t to) {
    count(label, from, -1);
    count(label, to, 1);
  }

  double score(DecisionMetric metric) const {
    switch (metric) {
      case DecisionMetric::accuracy:
        return total(both_) / total(labelled_);
      case DecisionMetric::balanced_accuracy:
        return mean_over([&](size_t c) { return labelled_[c]; }, 1);
      case DecisionMetric::f1:
        return mean_over([&](size_t c) { return labelled_[c] + predicted_[c]; }, 2);
      case DecisionMetric::mcc:
        return matthews();
    }
    fail(Code::internal, "this is no known metric to decide by");
  }

 private:
  void count(size_t label, size_t predicted, double by) {
    predicted_[predicted] += by;
    if (label == predicted) both_[label] += by;
  }

  static double total(const std::vector<double>& counts) {
    double sum = 0;
    for (const double one : counts) sum += one;
    return sum;
  }

  // Mean of factor * both / whole over the classes whose whole is not 0.
  template <class Whole>
  double mean_over(Whole whole, double factor) const {
    double sum = 0;
    double classes = 0;
    for (size_t c = 0; c < both_.size(); ++c) {
      if (whole(c) == 0) continue;
      sum += factor * both_[c] / whole(c);
      classes += 1;
    }
    return sum / classes;
  }

  double matthews() const {
    const double rows = total(labelled_);
    double shared = total(both_) * rows;
    double labelled = rows * rows;
    double predicted = rows * rows;
    for (size_t c = 0; c < both_.size(); ++c) {
      shared -= labelled_[c] * predicted_[c];
      labelled -= labelled_[c] * labelled_[c];
      predicted -= predicted_[c] * predicted_[c];
    }
    return labelled > 0 && predicted > 0 ? shared / std::sqrt(labelled * predicted) : 0;
  }

  std::vector<double> labelled_, predicted_, both_;
};

// From which weight of the class on a row is predicted as it, and as what below that.
struct Turn {
  double at = 0;
  size_t row = 0;
  size_t other = 0;
};

static std::vector<Turn> turns_of(MatrixView probabilities, std::span<const double> weights,
                                  size_t cls) {
  std::vector<double> others(weights.begin(), weights.end());
  others[cls] = 0;
  std::vector<Turn> turns;
  for (size_t i = 0; i < probabilities.rows; ++i) {
    const auto p = probabilities.row(i);
    size_t other = decide(p, others);
    if (other == cls) other = cls == 0 ? 1 : 0;  // The rest have no probability at all.
    const double against = others[other] * static_cast<double>(p[other]);
    const auto own = static_cast<double>(p[cls]);
    turns.push_back({own > 0 ? against / own : INFINITY, i, other});
  }
  std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
    return a.at != b.at ? a.at < b.at : a.row < b.row;
  });
  return turns;
}

// The middle of a gap between turns; beyond the outer ones, twice as far.
static double middle(double low, double high) {
  if (low > 0 && std::isfinite(high)) return std::sqrt(low) * std::sqrt(high);
  if (low > 0) return 2 * low;
  return std::isfinite(high) ? high / 2 : 1;
}

// The best weight of one class, the others' standing; of several as good the nearest to its own.
static void move_weight(std::span<const int32_t> labels, MatrixView probabilities,
                        DecisionMetric metric, size_t cls, std::vector<double>& weights,
                        double& score) {
  const auto turns = turns_of(probabilities, weights, cls);
  std::vector<int32_t> predicted(labels.size());  // As they are with no weight for the class.
  for (const Turn& turn : turns) predicted[turn.row] = static_cast<int32_t>(turn.other);
  Counts counts(labels, predicted, weights.size());
  const double before = weights[cls];
  double best = score;
  double nearest = INFINITY;
  double chosen = before;
  for (size_t i = 0; i <= turns.size();) {
    const double low = i == 0 ? 0 : turns[i - 1].at;
    const double high = i == turns.size() ? INFINITY : turns[i].at;
    const double weight = middle(low, high);
    // Neighbours a digit apart leave no room between them.
    if (low < weight && weight < high) {
      const double reached = counts.score(metric);
      const double far = std::abs(std::log(weight / before));
      const bool better = reached > best + least_gain;
      const bool as_good = best > score && reached > best - least_gain && far < nearest;
      if (better || as_good) {
        best = reached;
        nearest = far;
        chosen = weight;
      }
    }
    if (i == turns.size() || !std::isfinite(high)) break;
    for (; i < turns.size() && turns[i].at == high; ++i)
      counts.move(static_cast<size_t>(labels[turns[i].row]), turns[i].other, cls);
  }
  weights[cls] = chosen;
  score = best;
}

Decision search_decision(std::span<const int32_t> labels, MatrixView probabilities,
                         DecisionMetric metric) {
  const size_t classes = probabilities.cols;
  if (labels.empty() || labels.size() != probabilities.rows)
    refuse("there are {} labels for {} rows of probabilities", labels.size(), probabilities.rows);
  for (const int32_t label : labels) {
    if (label < 0 || static_cast<size_t>(label) >= classes)
      refuse("labels holds class {}, but there are {} classes", label, classes);
  }
  Decision decision;
  decision.likeliest_score = Counts(labels, decide(probabilities, {}), classes).score(metric);
  decision.score = decision.likeliest_score;
  if (metric == DecisionMetric::accuracy || classes < 2) return decision;
  std::vector<double> weights(classes, 1);
  for (int pass = 0; pass < most_passes; ++pass) {
    const double before = decision.score;
    for (size_t c = classes == 2 ? 1 : 0; c < classes; ++c)
      move_weight(labels, probabilities, metric, c, weights, decision.score);
    if (classes == 2 || decision.score <= before + least_gain) break;
  }
  if (decision.score <= decision.likeliest_score + least_gain) return decision;
  double total = 0;
  for (const double weight : weights) total += weight;
  for (double& weight : weights) weight /= total;
  decision.class_weights = std::move(weights);
  return decision;
}

}  // namespace querist::metrics
