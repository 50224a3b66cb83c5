// Of classification this is the projects' choice; of regression it is read off the cards.
#include "loop/simulation/task_choices.h"

#include "base/error.h"
#include "loop/learner_choice.h"
#include "loop/signals.h"

namespace querist::loop {

static bool is_regression(const SimulationPlan& plan) { return plan.task == Task::regression; }

static std::string regression_learners() {
  std::vector<std::string_view> names;
  for (const learners::Learner& card : learners::all()) {
    if (learners::learns(card, Task::regression)) names.push_back(card.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

learners::ChosenLearner planned_learner(const SimulationPlan& plan) {
  if (!is_regression(plan)) return learners_for(plan.learner)[0];
  if (is_auto_learner(plan.learner))
    refuse("the learner auto chooses among classifiers; name one that learns numbers: {}",
           regression_learners());
  auto chosen = learners::parse_learner(plan.learner);
  if (!learners::learns(*chosen.card, Task::regression)) {
    refuse("the learner {} does not learn numbers; those that do: {}", chosen.card->name,
           regression_learners());
  }
  return chosen;
}

// Whether all that the strategy needs is there of a model that predicts numbers.
static bool fits_regression(const strategies::QueryStrategy& card) {
  constexpr Signal given =
      Signal::embeddings | Signal::labels | Signal::predictions | Signal::member_predictions;
  const auto missing = static_cast<unsigned>(card.needs) & ~static_cast<unsigned>(given);
  // The strategies that compose puts together are those of classes.
  return (card.task == Task::any || card.task == Task::regression) && missing == 0 &&
         card.name != "compose";
}

static std::string regression_strategies() {
  std::vector<std::string_view> names;
  for (const strategies::QueryStrategy& card : strategies::all()) {
    if (fits_regression(card)) names.push_back(card.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

strategies::ChosenStrategy planned_strategy(std::string_view expression,
                                            const SimulationPlan& plan) {
  if (!is_regression(plan)) return strategy_for(expression, plan.learner);
  auto chosen = strategies::parse_strategy(expression);
  if (!fits_regression(*chosen.card)) {
    refuse("the strategy {} reads what models of numbers do not tell; for regression there are {}",
           chosen.card->name, regression_strategies());
  }
  return chosen;
}

std::optional<learners::ChosenLearner> planned_committee(const strategies::ChosenStrategy& strategy,
                                                         const SimulationPlan& plan) {
  const auto learner = planned_learner(plan);
  if (!is_regression(plan) || !has(strategy.card->needs, Signal::member_predictions) ||
      has(learner.card->gives, Signal::member_predictions))
    return std::nullopt;
  auto committee = learners::parse_learner("committee");
  committee.params.set("learner", plan.learner);
  return committee;
}

void check_regression(const Table& table, const SimulationPlan& plan) {
  if (!is_regression(plan)) return;
  const auto only_classes = [](bool given, std::string_view what) {
    if (given) refuse("{} means nothing for numbers: leave it out of a regression", what);
  };
  only_classes(plan.ssl != "off", "ssl");
  only_classes(plan.noise > 0, "noise");
  only_classes(plan.crowd.annotators > 0, "annotators");
  only_classes(plan.audit_share > 0, "audit_share");
  only_classes(plan.labels_saved, "labels_saved");
  only_classes(plan.typos > 0, "typos");
  only_classes(plan.augment != "none", "augment");
  only_classes(plan.initial_per_class > 0, "initial_per_class");
  only_classes(!plan.stopping.empty(), "stopping");
  if (table.targets.size() != table.labels.size()) refuse("the data has no numbers to predict");
}

}  // namespace querist::loop
