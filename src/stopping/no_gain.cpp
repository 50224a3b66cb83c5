// The audited learning curve has flattened: the next labels are expected to gain next to nothing
// (Cortes, Jackel, Solla, Vapnik and Denker 1993).
#include <algorithm>

#include "base/error.h"
#include "stopping/parts/forecast.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// The fallback of a fifth of a point of 100 in 100 labels is about where margin sampling on AG News
// and Fashion-MNIST is one or two points short of what all labels give; with a whole point most
// projects would end by their 300th label.
static Advice decide(const History& history, const Params& params) {
  if (history.pool_left == 0) return {.sentence = "No examples are left to gain from."};
  const auto labels = static_cast<size_t>(params.integer("labels"));
  const auto next = forecast(history, std::min(labels, history.pool_left),
                             static_cast<size_t>(params.integer("models_back")));
  if (!next) {
    return {.sentence = "What more labels gain is known after a few more audited models."};
  }
  const bool flat = next->gain.ci_high < params.number("gain");
  Advice advice{.value = next->gain.value};
  // A curve that did not tell the present does not tell the future: it may say go on, never stop.
  if (!flat) {
    advice.met = false;
  } else if (next->back_test && next->back_test->held) {
    advice.met = true;
  }
  advice.sentence = fmt::format("The next {} labels are expected to gain {}; {}", next->labels,
                                gain_words(next->gain), back_test_words(*next));
  return advice;
}

StoppingRule no_gain() {
  return {
      .name = "no_gain",
      .summary = "Stop when the audited curve, carried on, gains next to nothing.",
      .params = {{.name = "gain",
                  .fallback = 0.002,
                  .min = 0,
                  .max = 1,
                  .help = "Gain of the metric that is worth going on for; the upper end of what is "
                          "expected must lie below it."},
                 {.name = "labels",
                  .fallback = 100,
                  .min = 1,
                  .max = 1e6,
                  .whole = true,
                  .help = "Labels to look ahead."},
                 {.name = "models_back",
                  .fallback = 5,
                  .min = 1,
                  .max = 100,
                  .whole = true,
                  .help = "Models after which a forecast is held against the audit."}},
      .source = "Cortes, Jackel, Solla, Vapnik and Denker 1993",
      .decide = decide,
      .reads_audit = true,
  };
}

}  // namespace querist::stopping
