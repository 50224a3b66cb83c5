// The loop gives embeddings and labels; the rest is the learner's.
#include "loop/signals.h"

#include "base/error.h"
#include "loop/arbiter.h"
#include "loop/learner_choice.h"

namespace querist::loop {

static void check_strategy(const strategies::QueryStrategy& strategy,
                           const learners::Learner& learner, bool is_auto) {
  if (strategy.task == Task::regression || strategy.task == Task::multi_label) {
    refuse("{} is for {}; projects classify, and so do simulations without --task {}",
           strategy.name,
           strategy.task == Task::regression ? "regression" : "several labels an example",
           strategies::task_name(strategy.task));
  }
  const Signal given = learner.gives | Signal::embeddings | Signal::labels;
  const auto missing =
      static_cast<Signal>(static_cast<unsigned>(strategy.needs) & ~static_cast<unsigned>(given));
  if (missing == Signal::none) return;
  refuse(
      "the strategy {} needs {}, which the learner {}{} does not give; choose another strategy{}",
      strategy.name, strategies::signal_names(missing), learner.name,
      is_auto ? ", which auto may come to," : "", is_auto ? ", or name a learner" : "");
}

static strategies::ChosenStrategy strategy_for(std::string_view expression,
                                               const learners::Learner& learner, bool is_auto) {
  auto chosen = strategies::parse_strategy(expression);
  check_strategy(*chosen.card, learner, is_auto);
  if (is_arbiter(expression)) {
    for (const std::string& arm : arms_of(expression)) strategy_for(arm, learner, is_auto);
  }
  return chosen;
}

void check_strategy(const strategies::QueryStrategy& strategy, const learners::Learner& learner) {
  check_strategy(strategy, learner, false);
}

strategies::ChosenStrategy strategy_for(std::string_view expression,
                                        const learners::Learner& learner) {
  return strategy_for(expression, learner, false);
}

strategies::ChosenStrategy strategy_for(std::string_view expression, std::string_view learner) {
  strategies::ChosenStrategy chosen;
  for (const auto& possible : learners_for(learner))
    chosen = strategy_for(expression, *possible.card, is_auto_learner(learner));
  return chosen;
}

learners::ChosenLearner learner_for(std::string_view expression) {
  auto chosen = learners::parse_learner(expression);
  if (!learners::learns(*chosen.card, Task::classification))
    refuse("the learner {} predicts numbers; projects and simulations classify", chosen.card->name);
  return chosen;
}

}  // namespace querist::loop
