// Nothing is left to label.
#include "base/error.h"
#include "stopping/stopping.h"

namespace querist::stopping {

static Advice decide(const History& history, const Params&) {
  const size_t left = history.pool_left;
  if (left == 0 && history.labels == 0) return {.sentence = "There is nothing to label yet."};
  Advice advice{.met = left == 0, .value = static_cast<double>(left)};
  advice.sentence = left == 0   ? "Every example has a label."
                    : left == 1 ? "One example has no label yet."
                                : fmt::format("{} examples have no label yet.", left);
  return advice;
}

StoppingRule pool_exhausted() {
  return {
      .name = "pool_exhausted",
      .summary = "Stop when every example has a label.",
      .source = "Settles 2009",
      .decide = decide,
      .decides = Decides::always,
  };
}

}  // namespace querist::stopping
