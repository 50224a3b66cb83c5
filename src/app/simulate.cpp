// querist simulate: which strategy would have spent the labels best?
#include <malloc.h>

#include <cstdio>

#include "app/columns.h"
#include "app/progress_bar.h"
#include "app/simulate_combine.h"
#include "app/simulate_doubts.h"
#include "app/simulate_options.h"
#include "app/simulate_plan.h"
#include "app/simulate_task.h"
#include "app/simulate_text.h"
#include "app/verb.h"
#include "base/error.h"
#include "base/threads.h"
#include "loop/one_by_one.h"
#include "loop/screening.h"
#include "loop/simulate.h"
#include "loop/simulation/label_sets.h"
#include "loop/simulation/targets.h"

namespace querist::app {

// Whether the protocol was asked for; it refuses the options that it fixes.
static bool follows(const Invocation& invocation, std::string_view protocol,
                    std::initializer_list<std::string_view> fixed) {
  if (invocation.text("protocol") != protocol) return false;
  for (const std::string_view option : fixed) {
    if (invocation.options.changed(option))
      wrong_usage("--protocol {} fixes {}; leave it out, or the protocol", protocol, option);
  }
  return true;
}

static bool one_by_one(const Invocation& invocation) {
  return follows(
      invocation, "one_by_one_rbf_svm",
      {"task",         "learner",      "featurizer",    "initial",        "initial_per_class",
       "ssl",          "batch_size",   "budget",        "noise",          "audit_share",
       "guard",        "labels_saved", "test_fraction", "split",          "stopping",
       "typos",        "augment",      "annotators",    "cost_per_label", "cost_column",
       "full_accuracy"});
}

static bool screening(const Invocation& invocation) {
  return follows(invocation, "screening",
                 {"task", "initial", "initial_per_class", "ssl", "budget", "noise", "audit_share",
                  "guard", "labels_saved", "test_fraction", "split", "metric", "stopping", "typos",
                  "augment", "annotators", "cost_per_label", "cost_column", "full_accuracy"});
}

static loop::SimulationPlan screening_plan(const Invocation& invocation, loop::SimulationPlan plan,
                                           PayloadKind payload) {
  if (!invocation.options.changed("strategies")) plan.strategies = {"certainty", "random"};
  if (!invocation.options.changed("learner")) {
    plan.learner = payload == PayloadKind::text ? "naive_bayes(class_weight=balanced, smoothing=10)"
                                                : "logistic_regression(class_weight=balanced)";
  }
  if (!plan.schedules.empty()) wrong_usage("--protocol screening takes one batch size");
  if (!invocation.options.changed("batch_size")) plan.batch_size = 1;
  return plan;
}

// page: makes the HTML of the result, the data's name and the command.
static void put_report(const Invocation& invocation, const Json& result,
                       std::string (*page)(const Json& result, const std::string& title,
                                           const std::string& command)) {
  if (invocation.text("html").empty()) return;
  put_out(invocation.text("html"), page(result, invocation.arguments[0], command_of(invocation)));
}

static int put_result(const Invocation& invocation, const Json& result,
                      void (*print)(const Json& result)) {
  if (!invocation.text("out").empty()) put_out(invocation.text("out"), result.dump());
  if (invocation.options.flag("json")) {
    put_out("", result.dump() + "\n");
  } else {
    print(result);
  }
  return 0;
}

// Every seed frees and asks for much the same memory: kept, it is not cleared by the system each
// time.
static void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 256 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

static int run(const Invocation& invocation) {
  if (invocation.by_flag("combine")) return combine_results(invocation);
  keep_freed_memory();
  if (invocation.arguments.size() != 1)
    wrong_usage("simulate takes one DATA file; try querist simulate --help");
  set_threads(static_cast<size_t>(invocation.options.integer("threads")));
  const bool protocol = one_by_one(invocation);
  const bool review = screening(invocation);
  if (!review && invocation.options.changed("relevant"))
    wrong_usage("--relevant is for --protocol screening");
  if (!protocol &&
      (invocation.options.changed("query_learner") || invocation.options.changed("task_learner")))
    wrong_usage("--query-learner and --task-learner are for --protocol one_by_one_rbf_svm");
  check_out_folders(invocation);
  check_idle_options(invocation);
  const loop::SimulationPlan plan = simulation_plan_of(invocation);
  const std::string metric = metric_of(invocation, protocol);
  const std::string& path = invocation.arguments[0];
  ProgressBar bar("simulating");
  formats::Roles roles = label_roles(invocation, roles_of(invocation));
  roles.group = invocation.text("cost_column");
  roles.group_word = "cost_column";
  auto table = loop::read_table(path, roles, invocation.text("embeddings"), bar.progress());
  for (size_t i = 0; i < table.problems.size() && i < 5; ++i) {
    std::fprintf(stderr, "row %lld was left out: %s\n",
                 static_cast<long long>(table.problems[i].row), table.problems[i].reason.c_str());
  }
  if (table.problems.size() > 5)
    std::fprintf(stderr, "… and %zu more rows\n", table.problems.size() - 5);
  if (!invocation.text("id").empty()) leave_out_repeated_ids(table);
  if (plan.task == Task::regression) loop::read_targets(table);
  if (plan.task == Task::multi_label) loop::read_label_sets(table);
  if (review) {
    const Json result = loop::screening_json(
        loop::simulate_screening(table, screening_plan(invocation, plan, table.payload),
                                 invocation.text("relevant"), bar.progress()));
    put_report(invocation, result, loop::screening_html);
    return put_result(invocation, result, print_screening);
  }
  if (!protocol) {
    loop::check_plan(table, plan);
    tell_doubts(plan, table);
  }
  const auto simulation = protocol ? loop::simulate_one_by_one(table, plan, bar.progress())
                                   : loop::simulate(table, plan, bar.progress());
  const Json result = loop::simulation_json(simulation, metric);
  if (simulation.resumed > 0)
    std::fprintf(stderr, "%zu finished runs were taken over from %s\n", simulation.resumed,
                 plan.side_file.c_str());
  if (simulation.damaged > 0)
    std::fprintf(stderr, "%zu finished runs in %s were damaged and made again\n",
                 simulation.damaged, plan.side_file.c_str());
  put_report(invocation, result, loop::simulation_html);
  put_result(invocation, result, print_summary);
  std::error_code gone;  // The result has all of it; where it stays, it is found finished.
  if (!plan.side_file.empty()) std::filesystem::remove(plan.side_file, gone);
  return 0;
}

Verb simulate() {
  return {
      .name = "simulate",
      .summary =
          "Replay a labelled data set through query strategies, paired by seed, and compare them.",
      .arguments = "DATA",
      .example =
          "querist simulate reviews.csv --text body --label stars --strategies auto,margin,random "
          "--html report.html",
      .options = simulate_options(),
      .run = run,
  };
}

}  // namespace querist::app
