// A walk reads its budget only to end its last batch there, so that shorter ones are prefixes.
#include "loop/simulation/schedules.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "loop/simulation/metric.h"

namespace querist::loop {

std::vector<Schedule> schedules_of(const SimulationPlan& plan, size_t initial) {
  std::vector<Schedule> schedules = plan.schedules;
  if (schedules.empty()) schedules.push_back({plan.batch_size, plan.budget});
  for (size_t i = 0; i < schedules.size(); ++i) {
    const auto& [batch_size, budget] = schedules[i];
    if (batch_size == 0) refuse("seeds, batch_size and initial must be at least 1");
    if (budget < initial)
      refuse("the budget of {} is below the {} initial labels", budget, initial);
    for (size_t k = 0; k < i; ++k) {
      if (schedules[k].batch_size == batch_size && schedules[k].budget == budget)
        refuse("batches of {} up to {} labels are named twice: name each once", batch_size, budget);
    }
  }
  return schedules;
}

std::vector<size_t> longest_first(const std::vector<Schedule>& schedules) {
  std::vector<size_t> order(schedules.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return schedules[a].budget > schedules[b].budget; });
  return order;
}

template <class Values>
static void shorten(Values& values, size_t points) {
  if (values.size() > points) values.resize(points);
}

// Turns of the guard say before which point they came; one before the first point left out belongs
// to the batch that leads there.
static void shorten_turns(std::vector<size_t>& turns, size_t points) {
  std::erase_if(turns, [&](size_t point) { return point >= points; });
}

std::optional<SimulationRun> beginning_of(const SimulationRun& run, size_t budget) {
  const auto spent = static_cast<double>(budget);
  const auto end = std::find(run.labels.begin(), run.labels.end(), spent);
  if (end == run.labels.end()) {
    if (run.labels.back() > spent) return std::nullopt;
    return run;  // The pool ended before either budget.
  }
  SimulationRun shorter = run;
  const auto points = static_cast<size_t>(end - run.labels.begin()) + 1;
  for (auto* values : {&shorter.labels, &shorter.cost, &shorter.typo_accuracy, &shorter.seconds})
    shorten(*values, points);
  for (const Task task : {Task::classification, Task::regression, Task::multi_label}) {
    for (const Measure& measure : measures_of(task)) shorten(shorter.*measure.curve, points);
  }
  shorten(shorter.learners, points);
  shorten(shorter.indices, points);
  shorten(shorter.semi_supervised, points);
  shorten_turns(shorter.guard_raised, points);
  shorten_turns(shorter.guard_ended, points);
  for (StopPoint& stop : shorter.stops) {
    if (stop.labels && *stop.labels <= spent) continue;
    stop.labels.reset();
    if (parse_rule(stop.rule).card->name == "budget_spent") stop.labels = spent;
    stop.accuracy = shorter.accuracy.back();
  }
  return shorter;
}

}  // namespace querist::loop
