// querist simulate: which strategy would have spent the labels best?
#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "app/columns.h"
#include "app/curve_plot.h"
#include "app/progress_bar.h"
#include "app/simulate_doubts.h"
#include "app/simulate_options.h"
#include "app/verb.h"
#include "base/error.h"
#include "base/fast_hash.h"
#include "base/file.h"
#include "base/threads.h"
#include "loop/one_by_one.h"
#include "loop/screening.h"
#include "loop/simulate.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/named_once.h"
#include "strategies/door/expression.h"

namespace querist::app {

static double accuracy_of(const std::string& text) {
  static const ParamSpec spec = {.name = "annotator_accuracy", .fallback = 0.8, .min = 0, .max = 1};
  return std::get<double>(parse_value(spec, text));
}

static loop::SimulationPlan plan_of(const Invocation& invocation) {
  const auto count = [&](std::string_view name) {
    return static_cast<size_t>(invocation.options.integer(name));
  };
  loop::SimulationPlan plan;
  plan.strategies = strategies::split_strategies(invocation.text("strategies"));
  plan.learner = invocation.text("learner");
  plan.featurizer = invocation.text("featurizer");
  plan.initial = count("initial");
  plan.initial_per_class = count("initial_per_class");
  plan.ssl = invocation.text("ssl");
  plan.batch_size = count("batch_size");
  plan.budget = count("budget");
  plan.seeds = count("seeds");
  plan.first_seed = count("first_seed");
  plan.noise = invocation.options.number("noise");
  plan.crowd.annotators = count("annotators");
  plan.crowd.votes = count("votes");
  plan.crowd.accuracy.clear();
  for (const std::string& text : invocation.list("annotator_accuracy"))
    plan.crowd.accuracy.push_back(accuracy_of(text));
  plan.crowd.errors = invocation.text("annotator_errors");
  plan.crowd.spammers = invocation.options.number("spammers");
  plan.full_accuracy = invocation.options.flag("full_accuracy") || !invocation.text("html").empty();
  plan.costs_by_row = !invocation.text("cost_column").empty();
  plan.cost_per_label = invocation.options.number("cost_per_label");
  if (plan.costs_by_row && plan.cost_per_label == 0) plan.cost_per_label = 1;
  if (const std::string out = invocation.text("out"); !out.empty() && out != "-") {
    plan.side_file = out + ".runs";
    plan.build = fmt::format("{:016x}", block_hash(MappedFile("/proc/self/exe").bytes()));
  }
  plan.audit_share = invocation.options.number("audit_share");
  plan.typos = invocation.options.number("typos");
  plan.augment = invocation.text("augment");
  plan.query_learner = invocation.text("query_learner");
  plan.task_learner = invocation.text("task_learner");
  if (!invocation.text("stopping").empty()) {
    plan.stopping = strategies::split_strategies(invocation.text("stopping"));
    if (plan.stopping.empty()) wrong_usage("--stopping names nothing; leave it out to watch none");
    loop::check_names("stopping", plan.stopping);
  }
  plan.guard = invocation.text("guard") == "on";
  plan.labels_saved = invocation.options.flag("labels_saved");
  const bool by_fraction =
      invocation.options.changed("test_fraction") || invocation.text("split").empty();
  if (invocation.options.changed("test_fraction") && !invocation.text("split").empty()) {
    wrong_usage("pass --split or --test-fraction, not both");
  }
  plan.test_fraction = by_fraction ? invocation.options.number("test_fraction") : 0;
  return plan;
}

static std::string stopping_text(const Json& result) {
  std::string text;
  for (const Json& row : result.value("stopping", Json::array())) {
    text +=
        fmt::format("{} with {}: ", row["name"].get<std::string>(), row["rule"].get<std::string>());
    if (row["labels_mean"].is_null()) {
      text += "never says stop\n";
      continue;
    }
    text += fmt::format(
        "stops {} of {} runs, at {:.0f} labels (sd {:.0f}), accuracy {:.4f}, {:.1f} % of "
        "what all labels give\n",
        row["stopped"].get<size_t>(), row["runs"].get<size_t>(), row["labels_mean"].get<double>(),
        row["labels_sd"].get<double>(), row["accuracy_mean"].get<double>(),
        100 * row["share_of_full_mean"].get<double>());
  }
  return text;
}

static void print_summary(const Json& result) {
  size_t width = 20;
  for (const Json& row : result["summary"])
    width = std::max(width, row["name"].get_ref<const std::string&>().size());
  std::string text = fmt::format("{:<{}} {:>8} {:>8} {:>8} {:>8}\n", "strategy", width, "aulc",
                                 "sd", "final", "rank");
  for (const Json& row : result["summary"]) {
    text +=
        fmt::format("{:<{}} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.2f}\n", row["name"].get<std::string>(),
                    width, row["aulc_mean"].get<double>(), row["aulc_sd"].get<double>(),
                    row["final_accuracy_mean"].get<double>(), row["rank_mean"].get<double>());
  }
  for (const Json& row : result["summary"]) {
    if (row["final_typo_accuracy_mean"].is_null()) continue;
    text +=
        fmt::format("{} with typos in the test texts: final {:.4f}\n",
                    row["name"].get<std::string>(), row["final_typo_accuracy_mean"].get<double>());
  }
  for (const Json& row : result["comparisons"]) {
    text +=
        fmt::format("{} against {}: aulc {}, labels saved: {}\n", row["name"].get<std::string>(),
                    row["against_name"].get<std::string>(),
                    loop::difference_text(row, "aulc_difference"), loop::labels_saved_text(row));
  }
  std::fputs((curve_plot(result) + "\n" + text + stopping_text(result)).c_str(), stdout);
}

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
      {"learner",      "featurizer",    "initial",        "initial_per_class", "ssl",
       "batch_size",   "budget",        "noise",          "audit_share",       "guard",
       "labels_saved", "test_fraction", "split",          "stopping",          "typos",
       "augment",      "annotators",    "cost_per_label", "cost_column",       "full_accuracy"});
}

static bool screening(const Invocation& invocation) {
  return follows(invocation, "screening",
                 {"initial", "initial_per_class", "ssl", "budget", "noise", "audit_share", "guard",
                  "labels_saved", "test_fraction", "split", "metric", "html", "stopping", "typos",
                  "augment", "annotators", "cost_per_label", "cost_column", "full_accuracy"});
}

static void print_screening(const Json& result) {
  std::string text = fmt::format(
      "{} records to read, {} of them relevant (class {})\n{:<28} {:>8} {:>8} {:>8} {:>8}\n",
      result["data"]["records"].get<size_t>(), result["data"]["relevant"].get<size_t>(),
      result["data"]["relevant_class"].get<std::string>(), "strategy", "wss@95", "sd", "wss@100",
      "rrf@10");
  for (const Json& row : result["summary"]) {
    text += fmt::format("{:<28} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.4f}\n",
                        row["strategy"].get<std::string>(), row["wss_95_mean"].get<double>(),
                        row["wss_95_sd"].get<double>(), row["wss_100_mean"].get<double>(),
                        row["recall_10_mean"].get<double>());
  }
  for (const Json& row : result["comparisons"]) {
    text += fmt::format("{} against {}: wss@95 {}\n", row["strategy"].get<std::string>(),
                        row["against"].get<std::string>(),
                        loop::difference_text(row, "wss_95_difference"));
  }
  std::fputs(text.c_str(), stdout);
}

static loop::SimulationPlan screening_plan(const Invocation& invocation,
                                           loop::SimulationPlan plan) {
  if (!invocation.options.changed("strategies")) plan.strategies = {"certainty", "random"};
  if (!invocation.options.changed("batch_size")) plan.batch_size = 1;
  return plan;
}

static std::string metric_of(const Invocation& invocation, bool one_by_one) {
  if (one_by_one && !invocation.options.changed("metric")) return "aubc_trapz_over_n";
  return invocation.text("metric");
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
  const loop::SimulationPlan plan = plan_of(invocation);
  const std::string& path = invocation.arguments[0];
  ProgressBar bar("simulating");
  formats::Roles roles = roles_of(invocation);
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
  if (review) {
    return put_result(
        invocation,
        loop::screening_json(loop::simulate_screening(table, screening_plan(invocation, plan),
                                                      invocation.text("relevant"), bar.progress())),
        print_screening);
  }
  if (!protocol) tell_doubts(plan, table);
  const auto simulation = protocol ? loop::simulate_one_by_one(table, plan, bar.progress())
                                   : loop::simulate(table, plan, bar.progress());
  const Json result = loop::simulation_json(simulation, metric_of(invocation, protocol));
  if (simulation.resumed > 0)
    std::fprintf(stderr, "%zu finished runs were taken over from %s\n", simulation.resumed,
                 plan.side_file.c_str());
  if (!invocation.text("html").empty())
    put_out(invocation.text("html"), loop::simulation_html(result, path));
  put_result(invocation, result, print_summary);
  std::error_code gone;  // The result has all of it; where it stays, it is found finished.
  if (!protocol && !plan.side_file.empty()) std::filesystem::remove(plan.side_file, gone);
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
