// Counts of cells, by label or all together.
#include "metrics/multi_label.h"

#include <vector>

#include "base/error.h"

namespace querist::metrics {

static size_t checked_rows(LabelSets truth, LabelSets predicted, std::span<const double> weights) {
  if (truth.labels == 0 || truth.flags.empty()) refuse("there are no labels to measure on");
  if (truth.labels != predicted.labels || truth.flags.size() != predicted.flags.size() ||
      truth.flags.size() % truth.labels != 0) {
    refuse("the tables of labels and predictions differ in shape: {} cells of {} labels, {} of {}",
           truth.flags.size(), truth.labels, predicted.flags.size(), predicted.labels);
  }
  const size_t rows = truth.flags.size() / truth.labels;
  if (!weights.empty() && weights.size() != rows)
    refuse("there are {} weights for {} rows", weights.size(), rows);
  return rows;
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

struct Cells {
  double both = 0;
  double labelled = 0;
  double predicted = 0;
  Scores scores() const {
    return {ratio(both, predicted), ratio(both, labelled), ratio(2 * both, labelled + predicted)};
  }
};

Scores multi_label_scores(LabelSets truth, LabelSets predicted, Average average,
                          std::span<const double> weights) {
  const size_t rows = checked_rows(truth, predicted, weights);
  std::vector<Cells> by_label(truth.labels);
  Cells all;
  for (size_t i = 0; i < rows; ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    for (size_t k = 0; k < truth.labels; ++k) {
      const bool is = truth.flags[i * truth.labels + k] != 0;
      const bool said = predicted.flags[i * truth.labels + k] != 0;
      for (Cells* cells : {&by_label[k], &all}) {
        cells->both += is && said ? weight : 0;
        cells->labelled += is ? weight : 0;
        cells->predicted += said ? weight : 0;
      }
    }
  }
  if (average == Average::micro) return all.scores();
  Scores mean;
  double total = 0;
  for (const Cells& cells : by_label) {
    const double weight = average == Average::macro ? 1 : cells.labelled;
    const Scores one = cells.scores();
    mean.precision += weight * one.precision;
    mean.recall += weight * one.recall;
    mean.f1 += weight * one.f1;
    total += weight;
  }
  return {ratio(mean.precision, total), ratio(mean.recall, total), ratio(mean.f1, total)};
}

// The weighted mean over rows of the cells that differ.
template <class Loss>
static double mean_over_rows(LabelSets truth, LabelSets predicted, std::span<const double> weights,
                             const Loss& loss) {
  const size_t rows = checked_rows(truth, predicted, weights);
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < rows; ++i) {
    size_t wrong = 0;
    for (size_t k = 0; k < truth.labels; ++k) {
      const size_t cell = i * truth.labels + k;
      wrong += (truth.flags[cell] != 0) != (predicted.flags[cell] != 0);
    }
    const double weight = weights.empty() ? 1 : weights[i];
    sum += weight * loss(wrong);
    total += weight;
  }
  return sum / total;
}

double hamming_loss(LabelSets truth, LabelSets predicted, std::span<const double> weights) {
  return mean_over_rows(truth, predicted, weights, [&](size_t wrong) {
    return static_cast<double>(wrong) / static_cast<double>(truth.labels);
  });
}

double subset_accuracy(LabelSets truth, LabelSets predicted, std::span<const double> weights) {
  return mean_over_rows(truth, predicted, weights,
                        [](size_t wrong) { return wrong == 0 ? 1.0 : 0.0; });
}

}  // namespace querist::metrics
