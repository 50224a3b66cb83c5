// Of classification this is the projects' choice; of other tasks it is read off the cards.
#include "loop/simulation/task_choices.h"

#include "base/error.h"
#include "loop/learner_choice.h"
#include "loop/signals.h"

namespace querist::loop {

// What the words of a refusal are.
struct TaskWords {
  std::string_view learns;  // "name one that learns …".
  std::string_view tells;   // What strategies of classes miss.
  std::string_view of;      // What such a simulation is of.
};

static TaskWords words_of(Task task) {
  if (task == Task::regression) return {"numbers", "models of numbers", "regression"};
  return {"several labels an example", "models of several labels an example", "multi_label"};
}

static std::string learners_of(Task task) {
  std::vector<std::string_view> names;
  for (const learners::Learner& card : learners::all()) {
    if (learners::learns(card, task)) names.push_back(card.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

learners::ChosenLearner planned_learner(const SimulationPlan& plan) {
  if (plan.task == Task::classification) return learners_for(plan.learner)[0];
  const std::string_view what = words_of(plan.task).learns;
  if (is_auto_learner(plan.learner)) {
    refuse("the learner auto chooses among classifiers; name one that learns {}: {}", what,
           learners_of(plan.task));
  }
  auto chosen = learners::parse_learner(plan.learner);
  if (!learners::learns(*chosen.card, plan.task)) {
    refuse("the learner {} does not learn {}; those that do: {}", chosen.card->name, what,
           learners_of(plan.task));
  }
  return chosen;
}

// What a pool has for a strategy of this task; one of any task reads the labels of classes alone.
static Signal given_to(const strategies::QueryStrategy& card, Task task) {
  if (task == Task::regression)
    return Signal::embeddings | Signal::labels | Signal::predictions | Signal::member_predictions;
  if (card.task == Task::any) return Signal::embeddings;
  return Signal::embeddings | Signal::labels | Signal::probabilities;
}

// Whether all that the strategy needs is there of a model of this task.
static bool fits(const strategies::QueryStrategy& card, Task task) {
  const auto missing =
      static_cast<unsigned>(card.needs) & ~static_cast<unsigned>(given_to(card, task));
  // The strategies that compose puts together are those of classes.
  return (card.task == Task::any || card.task == task) && missing == 0 && card.name != "compose";
}

static std::string strategies_of(Task task) {
  std::vector<std::string_view> names;
  for (const strategies::QueryStrategy& card : strategies::all()) {
    if (fits(card, task)) names.push_back(card.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

strategies::ChosenStrategy planned_strategy(std::string_view expression,
                                            const SimulationPlan& plan) {
  if (plan.task == Task::classification) return strategy_for(expression, plan.learner);
  auto chosen = strategies::parse_strategy(expression);
  if (!fits(*chosen.card, plan.task)) {
    const TaskWords words = words_of(plan.task);
    refuse("the strategy {} reads what {} do not tell; for {} there are {}", chosen.card->name,
           words.tells, words.of, strategies_of(plan.task));
  }
  return chosen;
}

std::optional<learners::ChosenLearner> planned_committee(const strategies::ChosenStrategy& strategy,
                                                         const SimulationPlan& plan) {
  const auto learner = planned_learner(plan);
  if (plan.task != Task::regression || !has(strategy.card->needs, Signal::member_predictions) ||
      has(learner.card->gives, Signal::member_predictions))
    return std::nullopt;
  auto committee = learners::parse_learner("committee");
  committee.params.set("learner", plan.learner);
  return committee;
}

void check_task(const Table& table, const SimulationPlan& plan) {
  if (plan.task == Task::classification) return;
  const auto only_classes = [&](bool given, std::string_view what) {
    if (given) {
      refuse("{} is of one class an example: leave it out of a {} simulation", what,
             words_of(plan.task).of);
    }
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
  if (plan.task == Task::regression && table.targets.size() != table.labels.size())
    refuse("the data has no numbers to predict");
  if (plan.task == Task::multi_label && table.label_sets.size() != table.labels.size())
    refuse("the data has no sets of labels to predict");
}

}  // namespace querist::loop
