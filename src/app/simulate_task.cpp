// Options of classes are refused before the data are read.
#include "app/simulate_task.h"

#include <algorithm>

namespace querist::app {

static bool is_regression(const Invocation& invocation) {
  return invocation.text("task") == "regression";
}

void plan_task(const Invocation& invocation, loop::SimulationPlan& plan) {
  if (!is_regression(invocation)) return;
  plan.task = Task::regression;
  for (const std::string_view option :
       {"ssl", "noise", "annotators", "votes", "annotator_accuracy", "annotator_errors", "spammers",
        "audit_share", "guard", "labels_saved", "typos", "augment", "initial_per_class",
        "stopping"}) {
    if (!invocation.options.changed(option)) continue;
    std::string flag = "--" + std::string(option);
    std::replace(flag.begin(), flag.end(), '_', '-');
    wrong_usage(
        "{} is for classes and means nothing for numbers; leave it out, or --task "
        "regression",
        flag);
  }
  if (!invocation.options.changed("learner")) plan.learner = "ridge";
  if (!invocation.options.changed("strategies"))
    plan.strategies = {"max_herding", "lcmd", "random"};
}

std::string metric_of(const Invocation& invocation, bool one_by_one) {
  const bool given = invocation.options.changed("metric");
  const std::string metric = invocation.text("metric");
  if (!given && is_regression(invocation)) return "rmse";
  if (!given && one_by_one) return "aubc_trapz_over_n";
  if (is_regression(invocation) != (metric == "rmse"))
    wrong_usage("--metric {} is not for --task {}", metric, invocation.text("task"));
  return metric;
}

}  // namespace querist::app
