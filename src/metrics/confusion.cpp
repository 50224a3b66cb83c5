// Sums over rows, columns and the diagonal of a table.
#include "metrics/confusion.h"

#include <cmath>

#include "base/error.h"

namespace querist::metrics {

static size_t checked(int32_t cls, size_t classes) {
  if (cls < 0 || static_cast<size_t>(cls) >= classes)
    refuse("class {} is out of range, there are {} classes", cls, classes);
  return static_cast<size_t>(cls);
}

Confusion confusion(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                    size_t classes, std::span<const double> weights) {
  if (labels.empty()) refuse("there are no labelled rows to measure on");
  if (labels.size() != predicted.size())
    refuse("there are {} labels but {} predictions", labels.size(), predicted.size());
  if (!weights.empty() && weights.size() != labels.size())
    refuse("there are {} weights for {} labels", weights.size(), labels.size());
  Confusion table{classes, std::vector<double>(classes * classes)};
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t label = checked(labels[i], classes);
    table.counts[label * classes + checked(predicted[i], classes)] +=
        weights.empty() ? 1 : weights[i];
  }
  return table;
}

Confusion expected_confusion(DoubleView probabilities, std::span<const int32_t> predicted) {
  if (predicted.empty()) refuse("there are no rows to measure on");
  if (probabilities.rows != predicted.size())
    refuse("there are {} rows of probabilities but {} predictions", probabilities.rows,
           predicted.size());
  const size_t classes = probabilities.cols;
  Confusion table{classes, std::vector<double>(classes * classes)};
  for (size_t i = 0; i < predicted.size(); ++i) {
    const size_t column = checked(predicted[i], classes);
    const auto row = probabilities.row(i);
    for (size_t k = 0; k < classes; ++k) table.counts[k * classes + column] += row[k];
  }
  return table;
}

struct Margins {
  std::vector<double> labelled;
  std::vector<double> predicted;
  double right = 0;
  double all = 0;
};

static Margins margins(const Confusion& table) {
  Margins sums{std::vector<double>(table.classes), std::vector<double>(table.classes)};
  for (size_t i = 0; i < table.classes; ++i) {
    sums.right += table.at(i, i);
    for (size_t j = 0; j < table.classes; ++j) {
      sums.labelled[i] += table.at(i, j);
      sums.predicted[j] += table.at(i, j);
      sums.all += table.at(i, j);
    }
  }
  return sums;
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

static Scores scores_of(double both, double labelled, double predicted) {
  return {ratio(both, predicted), ratio(both, labelled), ratio(2 * both, labelled + predicted)};
}

Scores class_scores(const Confusion& table, size_t cls) {
  const Margins sums = margins(table);
  return scores_of(table.at(cls, cls), sums.labelled[cls], sums.predicted[cls]);
}

Scores average_scores(const Confusion& table, Average average) {
  const Margins sums = margins(table);
  if (average == Average::micro) return scores_of(sums.right, sums.all, sums.all);
  Scores mean;
  double total = 0;
  for (size_t k = 0; k < table.classes; ++k) {
    if (sums.labelled[k] + sums.predicted[k] == 0) continue;
    const double weight = average == Average::macro ? 1 : sums.labelled[k];
    const Scores one = scores_of(table.at(k, k), sums.labelled[k], sums.predicted[k]);
    mean.precision += weight * one.precision;
    mean.recall += weight * one.recall;
    mean.f1 += weight * one.f1;
    total += weight;
  }
  return {ratio(mean.precision, total), ratio(mean.recall, total), ratio(mean.f1, total)};
}

double accuracy(const Confusion& table) {
  const Margins sums = margins(table);
  return ratio(sums.right, sums.all);
}

double balanced_accuracy(const Confusion& table) {
  const Margins sums = margins(table);
  double sum = 0;
  double present = 0;
  for (size_t k = 0; k < table.classes; ++k) {
    if (sums.labelled[k] == 0) continue;
    sum += table.at(k, k) / sums.labelled[k];
    present += 1;
  }
  return ratio(sum, present);
}

double cohen_kappa(const Confusion& table) {
  const Margins sums = margins(table);
  double chance = 0;
  for (size_t k = 0; k < table.classes; ++k)
    chance += sums.labelled[k] / sums.all * (sums.predicted[k] / sums.all);
  const double agreed = sums.right / sums.all;
  return chance < 1 ? (agreed - chance) / (1 - chance) : 1;
}

double matthews_correlation(const Confusion& table) {
  const Margins sums = margins(table);
  double both = sums.right * sums.all;
  double labelled = sums.all * sums.all;
  double predicted = sums.all * sums.all;
  for (size_t k = 0; k < table.classes; ++k) {
    both -= sums.labelled[k] * sums.predicted[k];
    labelled -= sums.labelled[k] * sums.labelled[k];
    predicted -= sums.predicted[k] * sums.predicted[k];
  }
  return labelled > 0 && predicted > 0 ? both / std::sqrt(labelled * predicted) : 0;
}

}  // namespace querist::metrics
