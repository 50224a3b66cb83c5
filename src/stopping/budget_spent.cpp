// The labels that were planned have been given.
#include "base/error.h"
#include "stopping/stopping.h"

namespace querist::stopping {

static Advice decide(const History& history, const Params&) {
  if (history.budget == 0) return {.sentence = "You set no limit on the number of labels."};
  Advice advice{.met = history.labels >= history.budget,
                .value = static_cast<double>(history.labels)};
  advice.sentence = *advice.met ? fmt::format("You planned {} labels and have given {}.",
                                              history.budget, history.labels)
                                : fmt::format("You have given {} of the {} labels you planned.",
                                              history.labels, history.budget);
  return advice;
}

StoppingRule budget_spent() {
  return {
      .name = "budget_spent",
      .summary = "Stop when the planned number of labels has been given.",
      .source = "Settles 2009",
      .decide = decide,
      .decides = Decides::always,
  };
}

}  // namespace querist::stopping
