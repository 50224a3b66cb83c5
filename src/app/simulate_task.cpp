// Options of classes are refused before the data are read.
#include "app/simulate_task.h"

#include "app/text.h"
#include "loop/simulation/metric.h"

namespace querist::app {

static Task task_of(const Invocation& invocation) {
  const std::string task = invocation.text("task");
  if (task == "regression") return Task::regression;
  return task == "multi_label" ? Task::multi_label : Task::classification;
}

void plan_task(const Invocation& invocation, loop::SimulationPlan& plan) {
  plan.task = task_of(invocation);
  if (plan.task != Task::multi_label && invocation.options.changed("label_separator"))
    wrong_usage("--label-separator is for --task multi_label");
  if (plan.task == Task::classification) return;
  for (const std::string_view option :
       {"ssl", "noise", "annotators", "votes", "annotator_accuracy", "annotator_errors", "spammers",
        "audit_share", "guard", "labels_saved", "typos", "augment", "initial_per_class",
        "stopping"}) {
    if (!invocation.options.changed(option)) continue;
    wrong_usage("{} is for one class an example; leave it out, or --task {}", flag_of(option),
                invocation.text("task"));
  }
  const bool named = invocation.options.changed("strategies");
  if (plan.task == Task::multi_label) {
    if (!named) plan.strategies = {"mmc", "multilabel_margin", "random"};
    return;
  }
  if (!invocation.options.changed("learner")) plan.learner = "ridge";
  if (!named) plan.strategies = {"max_herding", "lcmd", "random"};
}

formats::Roles label_roles(const Invocation& invocation, formats::Roles roles) {
  if (task_of(invocation) != Task::multi_label) return roles;
  roles.label_separator = invocation.text("label_separator");
  if (roles.label_separator.empty())
    wrong_usage("--label-separator is empty: say what stands between the names of labels");
  auto columns = invocation.list("label");
  if (columns.size() == 1) roles.label = columns[0];
  if (columns.size() < 2) return roles;
  roles.label.clear();
  roles.label_separator.clear();
  roles.label_columns = std::move(columns);
  return roles;
}

std::string metric_of(const Invocation& invocation, bool one_by_one) {
  const std::string metric = invocation.text("metric");
  const Task task = task_of(invocation);
  if (!invocation.options.changed("metric")) {
    if (one_by_one) return "aubc_trapz_over_n";
    if (task == Task::regression) return "rmse";
    return task == Task::multi_label ? "micro_f1" : metric;
  }
  if (loop::find_metric(metric).task != task)
    wrong_usage("--metric {} is not for --task {}", metric, invocation.text("task"));
  return metric;
}

}  // namespace querist::app
