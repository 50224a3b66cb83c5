// The probability of the likeliest class, negated (Hendrycks and Gimpel 2017).
#include "out_of_distribution/parts/softmax.h"

namespace querist::out_of_distribution {

static void score(const State&, const Rows& rows, std::span<double> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto z = rows.logits.row(i);
    scores[i] = -std::exp(*std::max_element(z.begin(), z.end()) - log_sum_exp(z));
  }
}

Detector max_softmax() {
  return {.name = "max_softmax",
          .summary = "How unlikely the likeliest class is: what every model can tell.",
          .fit = nothing_to_learn,
          .score = score,
          .fits = has_learnt_nothing,
          .source = "Hendrycks and Gimpel 2017"};
}

}  // namespace querist::out_of_distribution
