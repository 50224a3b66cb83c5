// Hardly any answer has changed over the last models (Zhu, Wang and Hovy 2008).
//
// Beside kappa this counts every example alike, so that where a class is rare all of its answers
// may change unnoticed: it is evidence and does not decide.
#include <algorithm>

#include "base/error.h"
#include "stopping/parts/models_apart.h"
#include "stopping/stopping.h"

namespace querist::stopping {

static Advice decide(const History& history, const Params& params) {
  const auto window = static_cast<size_t>(params.integer("window"));
  const double most = params.number("change");
  const auto chain = models_apart(history, params.number("distance"));
  if (chain.empty() || chain[0]->predictions.empty()) {
    return {.sentence = "There is no model yet whose answers could be counted."};
  }
  if (chain.size() <= window) {
    return {.sentence = fmt::format("How many answers change is known after about {}.",
                                    more_batches(window + 1 - chain.size()))};
  }
  const size_t size = chain[0]->predictions.size();
  size_t worst = 0;
  for (size_t i = 0; i < window; ++i) {
    worst = std::max(worst, changed_answers(*chain[i + 1], *chain[i]));
  }
  const double share = static_cast<double>(worst) / static_cast<double>(size);
  // No change at all counts as settled for any setting, 0 too.
  const bool settled = worst == 0 || share < most;
  Advice advice{.met = settled && !gives_one_answer(*chain[0]), .value = share};
  advice.sentence = fmt::format("Over the last {} at most {} of {} answers changed between two{}.",
                                window == 1 ? "step" : fmt::format("{} steps", window), worst, size,
                                settled && !*advice.met ? ", but they are all the same one" : "");
  return advice;
}

StoppingRule classification_change() {
  return {
      .name = "classification_change",
      .summary = "Stop when the last models changed hardly any class of the stop set.",
      .params = {{.name = "change",
                  .fallback = 0.005,
                  .min = 0,
                  .max = 1,
                  .help = "Share of changed classes below which a step counts as settled."},
                 window_param("Steps that must all be settled."),
                 distance_param()},
      .source = "Zhu, Wang and Hovy 2008",
      .decide = decide,
      .decides = Decides::never,
  };
}

}  // namespace querist::stopping
