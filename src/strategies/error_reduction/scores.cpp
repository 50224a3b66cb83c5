// What scores of classes say: probabilities, and a loss.
#include <algorithm>

#include "strategies/error_reduction/error_reduction.h"

namespace querist::strategies {

void score_chances(std::span<const double> scores, double* out) {
  double sum = 0;
  for (const double s : scores) sum += std::max(0.0, s);
  for (size_t c = 0; c < scores.size(); ++c)
    out[c] = sum > 0 ? std::max(0.0, scores[c]) / sum : 1 / static_cast<double>(scores.size());
}

double present_loss(const ErrorReduction& task, const double* scores) {
  const size_t classes = task.pool.classes;
  const size_t n = task.targets.size();
  const std::vector<double> nothing(std::max(n, classes), 0.0);
  const std::vector<double> even(classes, 1 / static_cast<double>(classes));
  return kernels::expected_score_loss(scores, n, n, nothing.data(), nothing.data(), even.data(),
                                      classes, task.loss);
}

}  // namespace querist::strategies
