// The newest labels are predicted to have changed the model's F hardly at all: how much better it
// got if its newer answers are right (Altschuler and Bloodgood 2019).
//
// The newer model is not always right: this is a prediction, where stabilizing_predictions has a
// bound. Both read the same disagreements, so that it is evidence and does not decide.
#include <algorithm>

#include "base/error.h"
#include "stopping/parts/models_apart.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// With the fallback of two points margin sampling stops at 97.6 to 99.6 % of what all labels give
// on six sets; one point it reached in one run of five on two of them (bench/curves/stopping.py).
static Advice decide(const History& history, const Params& params) {
  const auto window = static_cast<size_t>(params.integer("window"));
  const double most = params.number("change");
  const auto chain = models_apart(history, params.number("distance"));
  if (chain.empty() || chain[0]->predictions.empty()) {
    return {.sentence = "There is no model yet whose F could be compared with an earlier one's."};
  }
  if (chain.size() <= window) {
    return {.sentence = fmt::format("By how much F changes is known after about {}.",
                                    more_batches(window + 1 - chain.size()))};
  }
  double worst = 0;
  for (size_t i = 0; i < window; ++i) {
    worst = std::max(worst, predicted_f_change(chain[i + 1]->predictions, chain[i]->predictions));
  }
  // No change at all counts as settled for any setting, 0 too.
  const bool settled = worst == 0 || worst < most;
  Advice advice{.met = settled && !gives_one_answer(*chain[0]), .value = worst};
  if (settled && !*advice.met) {
    advice.sentence = "The model still gives every example the same answer, whatever its F.";
    return advice;
  }
  advice.sentence = fmt::format(
      "If the newer answers are right, the last {} gained at most {:.1f} of 100 of mean F {}, {} "
      "the {:g}.",
      chain[0]->labels - chain[window]->labels == 1
          ? "label"
          : fmt::format("{} labels", chain[0]->labels - chain[window]->labels),
      100 * worst, window == 1 ? "in one step" : fmt::format("in each of {} steps", window),
      settled ? "below" : "not below", 100 * most);
  return advice;
}

StoppingRule performance_difference() {
  return {
      .name = "performance_difference",
      .summary = "Stop when the predicted change of F between the last models is small.",
      .params = {{.name = "change",
                  .fallback = 0.02,
                  .min = 0,
                  .max = 1,
                  .help = "Predicted change of F, the mean over classes, below which a step counts "
                          "as settled."},
                 window_param("Steps that must all be settled."),
                 distance_param()},
      .source = "Altschuler and Bloodgood 2019",
      .decide = decide,
      .decides = Decides::never,
  };
}

}  // namespace querist::stopping
