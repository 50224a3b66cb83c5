// The free energy of the logits, -T ln of the sum of exp(logit / T) (Liu et al. 2020).
#include "out_of_distribution/parts/softmax.h"

namespace querist::out_of_distribution {

// The state is the temperature.
static void score(const State& state, const Rows& rows, std::span<double> scores) {
  const double temperature = state.numbers[0];
  for (size_t i = 0; i < scores.size(); ++i)
    scores[i] = -temperature * log_sum_exp(rows.logits.row(i), 1 / temperature);
}

Detector energy() {
  return {.name = "energy",
          .summary = "How little all the logits together speak for any class.",
          .params = {{.name = "temperature",
                      .fallback = 1.0,
                      .min = 0.01,
                      .max = 1000,
                      .help = "Towards 0 the largest logit alone counts; large: all alike."}},
          .fit =
              [](const TrainingRows&, const Params& params) {
                return State{{params.number("temperature")}, {}};
              },
          .score = score,
          .fits =
              [](const State& state, size_t) {
                return state.numbers.size() == 1 && state.numbers[0] >= 0.01 &&
                       state.numbers[0] <= 1000 && state.rows.values.empty();
              },
          .source = "Liu et al. 2020"};
}

}  // namespace querist::out_of_distribution
