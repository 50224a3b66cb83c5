// Every score takes weights of rows, so that a resample is a vector of counts.
#include "loop/score_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "base/error.h"
#include "loop/estimate_json.h"
#include "loop/evaluate.h"
#include "metrics/calibration_interval.h"
#include "metrics/class_calibration.h"
#include "metrics/classification.h"
#include "metrics/confusion.h"
#include "metrics/ranking.h"
#include "metrics/resampling.h"

namespace querist::loop {

static constexpr size_t bins = 15;
static constexpr double most_work = 3e8;  // Cells looked at for one score: about half a second.

// Sorted once for all resamples: class by class against the rest.
class Rankings {
 public:
  Rankings(std::span<const int32_t> labels, metrics::DoubleView probabilities) : labels_(labels) {
    const size_t classes = probabilities.cols;
    for (size_t c = classes == 2 ? 1 : 0; c < classes; ++c) {
      if (std::ranges::count(labels, static_cast<int32_t>(c)) == 0) continue;
      std::vector<double> scores(probabilities.rows);
      for (size_t i = 0; i < scores.size(); ++i) scores[i] = probabilities.row(i)[c];
      classes_.push_back(static_cast<int32_t>(c));
      ranked_.emplace_back(scores);
    }
  }

  using Score = double (metrics::RankedScores::*)(std::span<const double>,
                                                  std::span<const double>) const;

  // NaN where a class has lost its rows, or has all of them.
  double mean(Score score, std::span<const double> weights) const {
    std::vector<double> positives(weights.size()), negatives(weights.size());
    double sum = 0;
    for (size_t k = 0; k < ranked_.size(); ++k) {
      double positive = 0, negative = 0;
      for (size_t i = 0; i < weights.size(); ++i) {
        const bool is = labels_[i] == classes_[k];
        positives[i] = is ? weights[i] : 0;
        negatives[i] = is ? 0 : weights[i];
        positive += positives[i];
        negative += negatives[i];
      }
      if (positive == 0 || negative == 0) return std::numeric_limits<double>::quiet_NaN();
      sum += (ranked_[k].*score)(positives, negatives);
    }
    return sum / static_cast<double>(ranked_.size());
  }

 private:
  std::span<const int32_t> labels_;
  std::vector<int32_t> classes_;
  std::vector<metrics::RankedScores> ranked_;
};

// Null where the score is not defined, or on too few of the resamples.
static Json interval_json(size_t rows, size_t classes, const metrics::WeightedStatistic& score,
                          metrics::Resampling how) {
  const std::vector<double> once(rows, 1);
  const double value = score(once);
  if (!std::isfinite(value)) return nullptr;
  const double fitting = most_work / static_cast<double>(rows * classes);
  how.resamples = static_cast<size_t>(std::clamp(fitting, 200.0, 1000.0));
  try {
    if (rows >= 2) {
      const auto estimate = metrics::resampled_interval(rows, score, how);
      const bool has_width = estimate.ci_low < estimate.ci_high;
      if (has_width && estimate.ci_low <= value && value <= estimate.ci_high)
        return estimate_json(estimate);
    }
  } catch (const Error& error) {
    if (error.code() != Code::invalid_argument) throw;
  }
  // Where all resamples agree (on perfect answers, say) a bootstrap knows nothing of chance, and
  // BCa goes astray where the score sticks to its bound.
  return {{"value", value}, {"ci_low", nullptr}, {"ci_high", nullptr}, {"method", "none"}};
}

Json scores_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                 const Matrix& probabilities, uint64_t seed, std::span<const int32_t> groups) {
  const std::vector<double> values(probabilities.values.begin(), probabilities.values.end());
  const metrics::DoubleView view{probabilities.rows, probabilities.cols, values.data()};
  const size_t classes = view.cols;
  Json scores = Json::object();
  const auto add = [&](const std::string& name, const metrics::WeightedStatistic& score) {
    scores[name] = interval_json(labels.size(), classes, score, {.groups = groups, .seed = seed});
  };
  using Weights = std::span<const double>;
  const auto table = [&](Weights weights) {
    return metrics::confusion(labels, predicted, classes, weights);
  };
  const auto mean = [&](double metrics::Scores::*score, metrics::Average average) {
    return [&table, score, average](Weights w) {
      return metrics::average_scores(table(w), average).*score;
    };
  };
  scores["f1_micro"] = accuracy_json(labels, predicted, groups);  // It is accuracy.
  using metrics::Scores;
  for (const auto& [name, average] : {std::pair{"macro", metrics::Average::macro},
                                      std::pair{"weighted", metrics::Average::weighted}}) {
    add(fmt::format("precision_{}", name), mean(&Scores::precision, average));
    add(fmt::format("recall_{}", name), mean(&Scores::recall, average));
    add(fmt::format("f1_{}", name), mean(&Scores::f1, average));
  }
  add("matthews_correlation", [&](Weights w) { return metrics::matthews_correlation(table(w)); });
  add("cohen_kappa", [&](Weights w) { return metrics::cohen_kappa(table(w)); });
  add("log_loss", [&](Weights w) { return metrics::log_loss(labels, view, w); });
  // Of two classes the one probability's, as in Python: their gaps are the same twice.
  const double once = classes == 2 ? 0.5 : 1;
  add("brier_score", [&](Weights w) { return once * metrics::brier_score(labels, view, w); });
  const Rankings rankings(labels, view);
  add("roc_auc", [&](Weights w) { return rankings.mean(&metrics::RankedScores::roc_auc, w); });
  add("average_precision",
      [&](Weights w) { return rankings.mean(&metrics::RankedScores::average_precision, w); });
  const metrics::TopLabels top = metrics::top_labels(labels, view);
  scores["adaptive_calibration_error"] =
      estimate_json(metrics::adaptive_calibration_error_interval(top.confidences, top.right, bins));
  scores["classwise_calibration_error"] =
      estimate_json(metrics::classwise_calibration_error_interval(labels, view, bins));
  scores["debiased_calibration_error"] =
      estimate_json(metrics::debiased_calibration_error_interval(top.confidences, top.right, bins));
  return scores;
}

}  // namespace querist::loop
