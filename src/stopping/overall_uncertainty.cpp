// The model is sure of nearly everything that nobody labelled (Zhu, Wang and Hovy 2008).
//
// The right threshold depends on the data: where classes overlap, entropy stays high for ever. It
// is evidence and does not decide.
#include <cmath>

#include "base/error.h"
#include "stopping/parts/models_apart.h"
#include "stopping/stopping.h"

namespace querist::stopping {

static Advice decide(const History& history, const Params& params) {
  const ModelRecord* model = history.models.empty() ? nullptr : &history.models.back();
  if (!model || !model->entropy || model->classes < 2 || model->predictions.empty()) {
    return {.sentence = "How sure the model is of unlabelled examples is not known yet."};
  }
  const double share = *model->entropy / std::log(static_cast<double>(model->classes));
  const double most = params.number("entropy");
  const bool stuck = gives_one_answer(*model);
  Advice advice{.met = !stuck && share < most, .value = share};
  advice.sentence =
      stuck ? "The model gives every example the same answer, however sure it is."
            : fmt::format("The model's doubt about unlabelled examples is {:.1f} of 100, {} {:g}.",
                          100 * share, *advice.met ? "below the" : "not below the", 100 * most);
  return advice;
}

StoppingRule overall_uncertainty() {
  return {
      .name = "overall_uncertainty",
      .summary = "Stop when the mean entropy over the stop set is low.",
      .params = {{.name = "entropy",
                  .fallback = 0.1,
                  .min = 0,
                  .max = 1,
                  .help = "Mean entropy, as a share of the largest possible (ln of the number of "
                          "classes), below which the model counts as sure."}},
      .source = "Zhu, Wang and Hovy 2008",
      .decide = decide,
      .decides = Decides::never,
  };
}

}  // namespace querist::stopping
