// The loop gives embeddings and labels; the rest is the learner's.
#include "loop/signals.h"

#include "base/error.h"
#include "loop/arbiter.h"

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
  if (is_arbiter(expression)) {
    for (const std::string& arm : arms_of(expression)) strategy_for(arm, learner);
  }
  return chosen;
}

learners::ChosenLearner learner_for(std::string_view expression) {
  auto chosen = learners::parse_learner(expression);
  if (!learners::learns(*chosen.card, Task::classification))
    refuse("the learner {} predicts numbers; projects and simulations classify", chosen.card->name);
  return chosen;
}

learners::ChosenLearner project_learner(const Project& project) {
  auto chosen = learner_for(project.settings.text("learner"));
  for (const ParamSpec& spec : chosen.card->params) {
    if (spec.name == "class_weight" && !chosen.params.changed("class_weight"))
      chosen.params.set("class_weight", project.settings.text("class_weight"));
  }
  return chosen;
}

}  // namespace querist::loop
