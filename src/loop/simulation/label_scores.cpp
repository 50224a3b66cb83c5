// Each cell of the table of rows and labels is a question of yes or no.
#include "loop/simulation/label_scores.h"

#include <algorithm>

#include "metrics/classification.h"
#include "metrics/intervals.h"
#include "metrics/multi_label.h"
#include "metrics/ranking.h"

namespace querist::loop {

static double mean_average_precision(const Matrix& probabilities,
                                     const std::vector<uint8_t>& flags) {
  std::vector<double> of_labels;
  for (size_t k = 0; k < probabilities.cols; ++k) {
    std::vector<double> scores;
    std::vector<uint8_t> has;
    for (size_t i = 0; i < probabilities.rows; ++i) {
      scores.push_back(double{probabilities.at(i, k)});
      has.push_back(flags[i * probabilities.cols + k]);
    }
    if (std::count(has.begin(), has.end(), 1) > 0)
      of_labels.push_back(metrics::average_precision(scores, has));
  }
  return of_labels.empty() ? 0 : metrics::mean(of_labels);
}

static double log_loss_of_cells(const Matrix& probabilities, const std::vector<uint8_t>& flags) {
  Matrix both(flags.size(), 2);
  for (size_t cell = 0; cell < flags.size(); ++cell) {
    both.at(cell, 0) = 1 - probabilities.values[cell];
    both.at(cell, 1) = probabilities.values[cell];
  }
  const std::vector<int32_t> truth(flags.begin(), flags.end());
  return metrics::log_loss(truth, both);
}

LabelScores label_scores(const learners::Model& model, const Stage& stage) {
  Matrix probabilities;
  model.probabilities(stage.test.features(), probabilities);
  std::vector<uint8_t> said;
  for (const float p : probabilities.values) said.push_back(p > 0.5f);
  const metrics::LabelSets truth{stage.test_flags, probabilities.cols};
  const metrics::LabelSets predicted{said, probabilities.cols};
  return {.micro_f1 = metrics::multi_label_scores(truth, predicted, metrics::Average::micro).f1,
          .macro_f1 = metrics::multi_label_scores(truth, predicted, metrics::Average::macro).f1,
          .subset_accuracy = metrics::subset_accuracy(truth, predicted),
          .hamming_loss = metrics::hamming_loss(truth, predicted),
          .average_precision = mean_average_precision(probabilities, stage.test_flags),
          .log_loss = log_loss_of_cells(probabilities, stage.test_flags)};
}

void add_scores(const LabelScores& scores, SimulationRun& run) {
  run.micro_f1.push_back(scores.micro_f1);
  run.macro_f1.push_back(scores.macro_f1);
  run.subset_accuracy.push_back(scores.subset_accuracy);
  run.hamming_loss.push_back(scores.hamming_loss);
  run.average_precision.push_back(scores.average_precision);
  run.log_loss.push_back(scores.log_loss);
}

}  // namespace querist::loop
