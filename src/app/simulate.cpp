// querist simulate: which strategy would have spent the labels best?
#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "app/columns.h"
#include "app/curve_plot.h"
#include "app/progress_bar.h"
#include "app/verb.h"
#include "base/error.h"
#include "base/fast_hash.h"
#include "base/file.h"
#include "base/threads.h"
#include "loop/one_by_one.h"
#include "loop/screening.h"
#include "loop/simulate.h"
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
  plan.stopping = strategies::split_strategies(invocation.text("stopping"));
  plan.guard = invocation.text("guard") == "on";
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
    text += fmt::format("{} against {}: aulc {:+.4f} (95 % {:+.4f} to {:+.4f}), p = {:.4f}",
                        row["name"].get<std::string>(), row["against_name"].get<std::string>(),
                        row["aulc_difference"].get<double>(), row["ci_low"].get<double>(),
                        row["ci_high"].get<double>(), row["p_value"].get<double>());
    if (!row["labels_saved"].is_null()) {
      text += fmt::format(", labels saved {:.0f} %", 100 * row["labels_saved"].get<double>());
      if (!row["labels_saved_ci_low"].is_null()) {
        text += fmt::format(" (95 % {:.0f} to {:.0f} %)",
                            100 * row["labels_saved_ci_low"].get<double>(),
                            100 * row["labels_saved_ci_high"].get<double>());
      }
    }
    text += "\n";
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
      {"learner", "featurizer", "initial", "initial_per_class", "ssl", "batch_size", "budget",
       "noise", "audit_share", "guard", "test_fraction", "split", "stopping", "typos", "augment",
       "annotators", "cost_per_label", "cost_column", "full_accuracy"});
}

static bool screening(const Invocation& invocation) {
  return follows(invocation, "screening",
                 {"initial", "initial_per_class", "ssl", "budget", "noise", "audit_share", "guard",
                  "test_fraction", "split", "metric", "html", "stopping", "typos", "augment",
                  "annotators", "cost_per_label", "cost_column", "full_accuracy"});
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
    text += fmt::format("{} against {}: wss@95 {:+.4f} (95 % {:+.4f} to {:+.4f}), p = {:.4f}\n",
                        row["strategy"].get<std::string>(), row["against"].get<std::string>(),
                        row["wss_95_difference"].get<double>(), row["ci_low"].get<double>(),
                        row["ci_high"].get<double>(), row["p_value"].get<double>());
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
  const loop::SimulationPlan plan = plan_of(invocation);
  const std::string& path = invocation.arguments[0];
  ProgressBar bar("simulating");
  formats::Roles roles = roles_of(invocation);
  roles.group = invocation.text("cost_column");
  const auto table = loop::read_table(path, roles, invocation.text("embeddings"), bar.progress());
  for (size_t i = 0; i < table.problems.size() && i < 5; ++i) {
    std::fprintf(stderr, "row %lld was left out: %s\n",
                 static_cast<long long>(table.problems[i].row), table.problems[i].reason.c_str());
  }
  if (table.problems.size() > 5)
    std::fprintf(stderr, "… and %zu more rows\n", table.problems.size() - 5);
  if (review) {
    return put_result(
        invocation,
        loop::screening_json(loop::simulate_screening(table, screening_plan(invocation, plan),
                                                      invocation.text("relevant"), bar.progress())),
        print_screening);
  }
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
      .options = with_columns(
          {{.name = "test_fraction",
            .fallback = 0.4,
            .min = 0.01,
            .max = 0.99,
            .help = "Share of the rows to test on, drawn anew for each seed; without --split."},
           {.name = "strategies",
            .fallback = "auto,margin,random",
            .help = "Strategies, comma-separated; each may set parameters, as in "
                    "margin,k_means(max_iterations=50)."},
           {.name = "learner",
            .fallback = "logistic_regression",
            .help =
                "Learner that is trained; of several, comma-separated, each gets its runs. auto: "
                "chosen on the way by losses out of fold."},
           {.name = "featurizer",
            .fallback = "",
            .help = "Featurizer, or several as with learner; empty: the usual one."},
           {.name = "initial",
            .fallback = 20,
            .min = 1,
            .max = 1e6,
            .whole = true,
            .help = "Random labels to start from."},
           {.name = "initial_per_class",
            .fallback = 0,
            .min = 0,
            .max = 1e6,
            .whole = true,
            .help = "Start from so many random labels of each class instead; 0: from --initial."},
           {.name = "ssl",
            .fallback = "off",
            .help =
                "Pseudo-labels for the models that are measured: off; auto, where they stand "
                "the test; or the name of a pseudo-labeler, forced. Strategies never see them."},
           {.name = "batch_size",
            .fallback = 20,
            .min = 1,
            .max = 1e6,
            .whole = true,
            .help = "Labels a round."},
           {.name = "budget",
            .fallback = 500,
            .min = 1,
            .max = 1e7,
            .whole = true,
            .help = "Labels in all."},
           {.name = "seeds",
            .fallback = 10,
            .min = 1,
            .max = 10'000,
            .whole = true,
            .help = "Paired repetitions."},
           {.name = "first_seed",
            .fallback = 0,
            .min = 0,
            .max = 1e9,
            .whole = true,
            .help = "The first of the seeds, which count up from it."},
           {.name = "protocol",
            .fallback = "none",
            .choices = {"none", "one_by_one_rbf_svm", "screening"},
            .help = "one_by_one_rbf_svm: as the published comparison on 26 binary tables, one "
                    "label a step to the last under an RBF support vector machine. screening: as "
                    "a systematic review, all rows are read from one relevant and one other "
                    "record on, by certainty and one at a time unless told otherwise, until "
                    "nothing relevant is left."},
           {.name = "query_learner",
            .fallback = "",
            .help = "With one_by_one_rbf_svm: the learner that strategies ask instead of the "
                    "support vector machine."},
           {.name = "task_learner",
            .fallback = "",
            .help = "With one_by_one_rbf_svm: the learner that is measured instead of it."},
           {.name = "relevant",
            .fallback = "",
            .help = "The class that --protocol screening looks for; empty: the rarer one."},
           {.name = "noise",
            .fallback = 0.0,
            .min = 0,
            .max = 1,
            .help = "Chance of a wrong answer."},
           {.name = "annotators",
            .fallback = 0,
            .min = 0,
            .max = 10'000,
            .whole = true,
            .help = "Simulated annotators in the oracle's place; 0: the oracle answers."},
           {.name = "votes",
            .fallback = 1,
            .min = 1,
            .max = 100,
            .whole = true,
            .help = "Labels an example gets from different annotators; their majority counts, and "
                    "each costs."},
           {.name = "annotator_accuracy",
            .fallback = "0.8",
            .help = "How often annotators are right: one number, or several in turn."},
           {.name = "annotator_errors",
            .fallback = "uniform",
            .choices = {"uniform", "confusion", "difficulty"},
            .help = "How they err: on any class, each by likings of its own, or near the boundary "
                    "of a model of all labels."},
           {.name = "spammers",
            .fallback = 0.0,
            .min = 0,
            .max = 1,
            .help = "Share of the annotators that answer at random."},
           {.name = "cost_per_label",
            .fallback = 0.0,
            .min = 0,
            .max = 1e9,
            .help = "What a label costs; the result then has areas over cost. 0: not counted."},
           {.name = "cost_column",
            .fallback = "",
            .help = "Column of what a label of the row costs, times cost_per_label."},
           {.name = "full_accuracy",
            .fallback = false,
            .help = "Also train on the whole pool, once a seed, and tell the labels that 90, 95 "
                    "and 99 % of its accuracy took; --html and --stopping do so too."},
           {.name = "typos",
            .fallback = 0.0,
            .min = 0,
            .max = 1,
            .help = "Share of the letters that are mistyped in a second copy of the test texts, to "
                    "measure on as well."},
           {.name = "augment",
            .fallback = "none",
            .choices = {"none", "typos"},
            .help = "typos: train on each labelled text as it is and with as many typos, half a "
                    "label each."},
           {.name = "audit_share",
            .fallback = 0.0,
            .min = 0,
            .max = 1,
            .help = "Share of each batch drawn at random and not trained on; it counts as spent."},
           {.name = "stopping",
            .fallback = "",
            .help = "Stopping rules to watch, comma-separated, as in "
                    "stabilizing_predictions,stabilizing_predictions(kappa=0.95): where each would "
                    "have ended the run, and its share of the accuracy that all labels give. The "
                    "run goes on to its budget."},
           {.name = "guard",
            .fallback = "on",
            .choices = {"on", "off"},
            .help = "With an audit share: draw half of each batch at random while the chosen "
                    "labels teach less than random ones."},
           {.name = "metric",
            .fallback = "accuracy",
            .choices = {"accuracy", "aubc_trapz_over_n"},
            .help =
                "Normalisation of the area: the mean over labels, or the published benchmark's."},
           {.name = "threads",
            .fallback = 0,
            .min = 0,
            .max = 1024,
            .whole = true,
            .help = "Threads; 0: all cores."},
           {.name = "out",
            .fallback = "",
            .help = "Write the result as JSON to this file; finished runs are kept beside it, "
                    "so that an interrupted simulation goes on."},
           {.name = "html", .fallback = "", .help = "Write a self-contained report to this file."},
           json_option()}),
      .run = run,
  };
}

}  // namespace querist::app
