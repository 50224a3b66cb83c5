// Successive models have come to answer alike on examples that nobody labelled (Bloodgood and
// Vijay-Shanker 2009).
#include "base/error.h"
#include "metrics/agreement.h"
#include "stopping/parts/models_apart.h"
#include "stopping/stopping.h"

namespace querist::stopping {

static Advice decide(const History& history, const Params& params) {
  const auto window = static_cast<size_t>(params.integer("window"));
  const double threshold = params.number("kappa");
  const auto chain = models_apart(history, params.number("distance"));
  if (chain.empty() || chain[0]->predictions.empty()) {
    return {.sentence = "There is no model yet whose answers could be compared."};
  }
  if (chain.size() <= window) {
    return {.sentence = fmt::format("Whether the answers still change is known after about {}.",
                                    more_batches(window + 1 - chain.size()))};
  }
  double mean = 0;
  for (size_t i = 0; i < window; ++i) {
    mean += metrics::cohen_kappa(chain[i]->predictions, chain[i + 1]->predictions) /
            static_cast<double>(window);
  }
  const bool stuck = gives_one_answer(*chain[0]);
  Advice advice{.met = !stuck && mean >= threshold - 1e-12, .value = mean};
  if (stuck) {
    advice.sentence = "The model still gives every example the same answer.";
    return advice;
  }
  const double f_change = largest_f_change(chain[1]->predictions, chain[0]->predictions);
  advice.sentence = fmt::format(
      "The model's answers {}: the last {} labels changed {} of {} of them{}.",
      *advice.met ? "have settled" : "still change", chain[0]->labels - chain[1]->labels,
      changed_answers(*chain[1], *chain[0]), chain[0]->predictions.size(),
      // A bound of 100 of 100 says nothing.
      f_change < 0.995 ? fmt::format(", and their mean F by at most {:.1f} of 100", 100 * f_change)
                       : "");
  return advice;
}

StoppingRule stabilizing_predictions() {
  return {
      .name = "stabilizing_predictions",
      .summary = "Stop when successive models agree on a fixed set of unlabelled examples.",
      .params = {{.name = "kappa",
                  .fallback = 0.99,
                  .min = 0.5,
                  .max = 1,
                  .help = "Agreement (Cohen's kappa) that counts as settled; lower stops sooner "
                          "and costs accuracy."},
                 window_param("Comparisons whose mean must reach it."),
                 distance_param()},
      .source = "Bloodgood and Vijay-Shanker 2009",
      .decide = decide,
  };
}

}  // namespace querist::stopping
