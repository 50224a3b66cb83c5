// Intervals are the Gaussian process's, normal about the prediction.
#include "loop/simulation/number_scores.h"

#include "learners/predictive_spread.h"
#include "metrics/distributions.h"
#include "metrics/regression.h"

namespace querist::loop {

NumberScores number_scores(const learners::Model& model, const Stage& stage) {
  const Features features = stage.test.features();
  std::vector<float> predictions;
  model.predictions(features, predictions);
  const std::vector<double> targets(stage.test_targets.begin(), stage.test_targets.end());
  const std::vector<double> predicted(predictions.begin(), predictions.end());
  NumberScores scores = {.rmse = metrics::root_mean_squared_error(targets, predicted),
                         .mae = metrics::mean_absolute_error(targets, predicted),
                         .r_squared = metrics::r_squared(targets, predicted)};
  const auto spread = learners::predictive_spread(model, features);
  if (!spread) return scores;
  const double tail = (1 - interval_probability) / 2;
  const double reach = metrics::normal_quantile(1 - tail);
  std::vector<double> low, high;
  for (size_t i = 0; i < predicted.size(); ++i) {
    low.push_back(predicted[i] - reach * (*spread)[i]);
    high.push_back(predicted[i] + reach * (*spread)[i]);
  }
  scores.interval_coverage = metrics::interval_coverage(targets, low, high).value;
  scores.pinball_loss =
      (metrics::pinball_loss(targets, low, tail) + metrics::pinball_loss(targets, high, 1 - tail)) /
      2;
  return scores;
}

void add_scores(const NumberScores& scores, SimulationRun& run) {
  run.rmse.push_back(scores.rmse);
  run.mae.push_back(scores.mae);
  run.r_squared.push_back(scores.r_squared);
  if (!scores.interval_coverage) return;
  run.interval_coverage.push_back(*scores.interval_coverage);
  run.pinball_loss.push_back(*scores.pinball_loss);
}

}  // namespace querist::loop
