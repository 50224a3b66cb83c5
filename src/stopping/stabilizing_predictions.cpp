// Successive models have come to answer alike on examples that nobody labelled (Bloodgood and
// Vijay-Shanker 2009).
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/agreement.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// The newest model and earlier ones, newest first, each far enough from the one after it. Models
// that are a few labels apart agree whatever they know, so a small batch would stop too soon;
// distance is in labels, not in models.
static std::vector<const ModelRecord*> models_apart(const History& history, double distance) {
  std::vector<const ModelRecord*> chain;
  for (auto model = history.models.rbegin(); model != history.models.rend(); ++model) {
    if (!chain.empty()) {
      const auto later = static_cast<double>(chain.back()->labels);
      const double gap = std::max(static_cast<double>(history.batch_size), distance * later);
      if (later - static_cast<double>(model->labels) < gap) continue;
    }
    chain.push_back(&*model);
  }
  return chain;
}

static bool one_class_only(const std::vector<int32_t>& predictions) {
  return std::all_of(predictions.begin(), predictions.end(),
                     [&](int32_t cls) { return cls == predictions.front(); });
}

static Advice decide(const History& history, const Params& params) {
  const auto window = static_cast<size_t>(params.integer("window"));
  const double threshold = params.number("kappa");
  const auto chain = models_apart(history, params.number("distance"));
  if (chain.empty() || chain[0]->predictions.empty()) {
    return {.sentence = "There is no model yet whose answers could be compared."};
  }
  if (chain.size() <= window) {
    const size_t missing = window + 1 - chain.size();
    return {.sentence =
                fmt::format("Whether the answers still change is known after about {} more {}.",
                            missing, missing == 1 ? "batch" : "batches")};
  }
  double mean = 0;
  for (size_t i = 0; i < window; ++i) {
    mean += metrics::cohen_kappa(chain[i]->predictions, chain[i + 1]->predictions) /
            static_cast<double>(window);
  }
  size_t changed = 0;
  const size_t size = chain[0]->predictions.size();
  for (size_t i = 0; i < size; ++i) changed += chain[0]->predictions[i] != chain[1]->predictions[i];
  const size_t fresh = chain[0]->labels - chain[1]->labels;
  // A model that knows one answer only agrees with itself perfectly, and says nothing.
  const bool stuck = one_class_only(chain[0]->predictions);
  Advice advice{.met = !stuck && mean >= threshold - 1e-12, .value = mean};
  if (stuck) {
    advice.sentence = "The model still gives every example the same answer.";
  } else if (*advice.met) {
    advice.sentence = fmt::format(
        "The model's answers have settled: the last {} labels changed {} of {} of them.", fresh,
        changed, size);
  } else {
    advice.sentence = fmt::format(
        "The model's answers still change: the last {} labels changed {} of {} of them.", fresh,
        changed, size);
  }
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
                 {.name = "window",
                  .fallback = 3,
                  .min = 1,
                  .max = 20,
                  .whole = true,
                  .help = "Comparisons whose mean must reach it."},
                 {.name = "distance",
                  .fallback = 0.05,
                  .min = 0,
                  .max = 1,
                  .help =
                      "Share of the labels by which compared models differ, at least one batch."}},
      .source = "Bloodgood and Vijay-Shanker 2009",
      .decide = decide,
  };
}

}  // namespace querist::stopping
