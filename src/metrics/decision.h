// Which class to predict where the likeliest one is not the best answer: weights of classes, found
// for a metric. For two classes they are a threshold.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/matrix.h"

namespace querist::metrics {

// The class whose weight times probability is largest; ties go to the lower class. Weights (one a
// class, positive) may be empty: the likeliest class.
size_t decide(std::span<const float> probabilities, std::span<const double> class_weights);
std::vector<int32_t> decide(MatrixView probabilities, std::span<const double> class_weights);

// f1 is the mean over the classes that have a label or a prediction, mcc Matthews' correlation.
enum class DecisionMetric { accuracy, balanced_accuracy, f1, mcc };
DecisionMetric decision_metric(std::string_view name);  // Refuses other names.

struct Decision {
  // One a class, summing to 1; empty: the likeliest class is best. Of two classes, class 1 is
  // predicted where its probability is above class_weights[0].
  std::vector<double> class_weights;
  double score = 0;            // The metric of decide() on these rows.
  double likeliest_score = 0;  // The metric of the likeliest classes.
};

// Weights under which the metric is largest on these rows, one class after another by an exact
// search until none gains (coordinate ascent): for two classes that is the best threshold there is.
// A weight lies in the middle, in logarithms, of all that predict alike. For accuracy no weights
// are searched. Refuses no rows and labels out of range. O(classes · rows · (ln rows + classes)) a
// pass, ten passes at most.
Decision search_decision(std::span<const int32_t> labels, MatrixView probabilities,
                         DecisionMetric metric);

}  // namespace querist::metrics
