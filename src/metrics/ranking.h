// How well scores put the rows of a class before the others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/confusion.h"
#include "metrics/double_view.h"

namespace querist::metrics {

// Scores sorted once, to be measured under many weights. positives[i] is how much row i counts as
// one of the class, negatives[i] as one of the others: 0 and 1, resampled counts, or a probability
// and its complement. Rows of equal score count as tied. NaN where one side has no weight.
class RankedScores {
 public:
  explicit RankedScores(std::span<const double> scores);  // O(n ln n). Refuses NaN and no rows.

  // The area under the curve of hits against false alarms: the chance that one of the class scores
  // above one of the others, ties half (Hanley and McNeil 1982). O(n).
  double roc_auc(std::span<const double> positives, std::span<const double> negatives) const;

  // The sum of precision times the step in recall at each distinct score, as scikit-learn has it;
  // 0 where no row is positive. O(n).
  double average_precision(std::span<const double> positives,
                           std::span<const double> negatives) const;

 private:
  std::vector<size_t> order_;       // Highest score first.
  std::vector<uint8_t> last_tied_;  // 1 where the next row has a lower score.
};

// positive: 0 or 1 a row; weights: one a row, or empty.
double roc_auc(std::span<const double> scores, std::span<const uint8_t> positive,
               std::span<const double> weights = {});
double average_precision(std::span<const double> scores, std::span<const uint8_t> positive,
                         std::span<const double> weights = {});

// One class against the rest, averaged over classes: macro, weighted by support, or micro over all
// cells. NaN if a class has no label, or all of them; but a class without support has no weight
// among weighted ones. Weights: one a row, or empty. O(classes · n ln n).
double roc_auc_one_vs_rest(std::span<const int32_t> labels, DoubleView scores,
                           Average average = Average::macro, std::span<const double> weights = {});

// Each pair of the classes that have a label among their own rows, both ways, averaged (Hand and
// Till 2001); macro, or weighted by the pair's rows. NaN where fewer than two have one.
// O(classes^2 n + classes n ln n).
double roc_auc_one_vs_one(std::span<const int32_t> labels, DoubleView scores,
                          Average average = Average::macro);

}  // namespace querist::metrics
