// Walks down an expression: a committee names its members' learner in a parameter of its own.
#include "learners/named_learner.h"

#include <algorithm>
#include <set>

#include "base/expression.h"
#include "learners/learner.h"

namespace querist::learners {

static std::string learners_of(Task task) {
  std::vector<std::string_view> names;
  for (const Learner& card : all()) {
    if (learns(card, task)) names.push_back(card.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

static std::string_view task_words(Task task) {
  return task == Task::regression    ? "numbers"
         : task == Task::multi_label ? "several labels an example"
                                     : "classes";
}

// whose: "" of the expression itself, else what its refusals begin with.
static void check_level(std::string_view text, Task task, const std::string& whose) {
  const Expression expression = parse_expression(text);
  const auto known = std::ranges::find(all(), expression.name, &Learner::name);
  if (known == all().end()) {
    refuse("{}there is no learner \"{}\"; those that learn {} are {}", whose, expression.name,
           task_words(task), learners_of(task));
  }
  if (!learns(*known, task)) {
    refuse("{}the learner {} does not learn {}; those that do are {}", whose, known->name,
           task_words(task), learners_of(task));
  }
  std::set<std::string_view> given;
  for (const auto& [name, value] : expression.settings) {
    if (!given.insert(name).second)
      refuse("{}{} is given {} twice: leave one out", whose, known->name, name);
  }
  const Params params = parse_learner(text).params;
  const bool has_members =
      std::ranges::find(known->params, "learner", &ParamSpec::name) != known->params.end();
  if (has_members && !params.text("learner").empty()) {
    check_level(params.text("learner"), task, fmt::format("{}learner of {}: ", whose, known->name));
  }
}

void check_named_learner(std::string_view expression, Task task) {
  check_level(expression, task, "");
}

}  // namespace querist::learners
