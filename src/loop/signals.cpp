// The loop gives embeddings and labels; the rest is the learner's.
#include "loop/signals.h"

#include "base/error.h"

namespace querist::loop {

void check_strategy(const strategies::QueryStrategy& strategy, const learners::Learner& learner) {
  if (strategy.task == Task::regression || strategy.task == Task::multi_label) {
    refuse("{} is for {}; projects classify", strategy.name,
           strategy.task == Task::regression ? "regression" : "several labels an example");
  }
  const Signal given = learner.gives | Signal::embeddings | Signal::labels;
  const auto missing =
      static_cast<Signal>(static_cast<unsigned>(strategy.needs) & ~static_cast<unsigned>(given));
  if (missing == Signal::none) return;
  refuse("the strategy {} needs {}, which the learner {} does not give; choose another strategy",
         strategy.name, strategies::signal_names(missing), learner.name);
}

strategies::ChosenStrategy strategy_for(std::string_view expression,
                                        const learners::Learner& learner) {
  auto chosen = strategies::parse_strategy(expression);
  check_strategy(*chosen.card, learner);
  return chosen;
}

}  // namespace querist::loop
