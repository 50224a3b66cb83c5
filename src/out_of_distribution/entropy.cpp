// The entropy of the class probabilities, in nats.
#include "out_of_distribution/parts/softmax.h"

namespace querist::out_of_distribution {

static void score(const State&, const Rows& rows, std::span<double> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto z = rows.logits.row(i);
    const double normal = log_sum_exp(z);
    double sum = 0;
    for (const double value : z) sum += std::exp(value - normal) * (normal - value);
    scores[i] = sum;
  }
}

Detector entropy() {
  return {.name = "entropy",
          .summary = "How evenly the probability is spread over all classes.",
          .fit = nothing_to_learn,
          .score = score,
          .fits = has_learnt_nothing,
          .source = "Shannon 1948"};
}

}  // namespace querist::out_of_distribution
