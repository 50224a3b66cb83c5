// The largest logit, negated (Hendrycks et al. 2022).
#include "out_of_distribution/parts/softmax.h"

namespace querist::out_of_distribution {

static void score(const State&, const Rows& rows, std::span<double> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto z = rows.logits.row(i);
    scores[i] = -*std::max_element(z.begin(), z.end());
  }
}

Detector max_logit() {
  return {.name = "max_logit",
          .summary =
              "How small the largest logit is: other classes that also fit a row do not count "
              "against it.",
          .fit = nothing_to_learn,
          .score = score,
          .fits = has_learnt_nothing,
          .source = "Hendrycks et al. 2022"};
}

}  // namespace querist::out_of_distribution
