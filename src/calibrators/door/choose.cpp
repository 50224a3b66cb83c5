// Cross-validation over the calibrators: what helps rows that were not fitted.
#include <algorithm>
#include <cmath>

#include "calibrators/calibrator.h"
#include "metrics/stratified_folds.h"

namespace querist::calibrators {

// Chosen rows of a set, owned.
struct Part {
  std::vector<double> logits;
  std::vector<int32_t> labels;
  std::vector<double> weights;
  size_t classes;
  CalibrationSet set() const { return {{labels.size(), classes, logits.data()}, labels, weights}; }
};

static Part rows_where(const CalibrationSet& set, const std::vector<size_t>& fold, size_t one,
                       bool inside) {
  Part part{{}, {}, {}, set.logits.cols};
  for (size_t i = 0; i < fold.size(); ++i) {
    if ((fold[i] == one) != inside) continue;
    const auto row = set.logits.row(i);
    part.logits.insert(part.logits.end(), row.begin(), row.end());
    part.labels.push_back(set.labels[i]);
    if (!set.weights.empty()) part.weights.push_back(set.weights[i]);
  }
  return part;
}

static double held_out_loss(const Calibrator& calibrator, const CalibrationSet& set,
                            const std::vector<size_t>& fold, size_t folds) {
  double sum = 0;
  double total = 0;
  for (size_t one = 0; one < folds; ++one) {
    const Part rest = rows_where(set, fold, one, false);
    const Part held = rows_where(set, fold, one, true);
    const Calibration fitted = fit(calibrator, rest.set(), Params(calibrator.params));
    const std::vector<double> p = calibrate(fitted, held.set().logits);
    for (size_t i = 0; i < held.labels.size(); ++i) {
      const double own = p[i * held.classes + static_cast<size_t>(held.labels[i])];
      const double weight = held.weights.empty() ? 1 : held.weights[i];
      sum -= weight * std::log(std::clamp(own, 1e-15, 1.0));
      total += weight;
    }
  }
  return sum / total;
}

Choice choose_calibrator(const CalibrationSet& set, size_t folds, uint64_t seed) {
  const Calibration plain = fit(find("none"), set, {});  // Checks the set.
  const size_t rows = set.logits.rows;
  const size_t classes = set.logits.cols;
  folds = std::min(std::max<size_t>(folds, 2), rows);
  Choice choice{plain, {}};
  if (folds < 2) return choice;
  const std::vector<size_t> fold = metrics::stratified_folds(set.labels, classes, folds, seed);
  const Calibrator* best = nullptr;
  double least = INFINITY;
  for (const Calibrator& calibrator : all()) {
    const size_t needed = calibrator.least_labels(classes);
    Candidate candidate{calibrator.name, NAN};
    if (rows >= needed) candidate.log_loss = held_out_loss(calibrator, set, fold, folds);
    choice.candidates.push_back(candidate);
    const bool simpler = best && needed < best->least_labels(classes);
    if (candidate.log_loss < least || (candidate.log_loss == least && simpler)) {
      best = &calibrator;
      least = candidate.log_loss;
    }
  }
  choice.calibration = fit(*best, set, Params(best->params));
  return choice;
}

}  // namespace querist::calibrators
