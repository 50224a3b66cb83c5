// querist simulate: which strategy would have spent the labels best?
#include <cstdio>

#include "app/columns.h"
#include "app/curve_plot.h"
#include "app/progress_bar.h"
#include "app/verb.h"
#include "base/error.h"
#include "base/threads.h"
#include "loop/one_by_one.h"
#include "loop/simulate.h"
#include "strategies/door/expression.h"

namespace querist::app {

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
  plan.audit_share = invocation.options.number("audit_share");
  const bool by_fraction =
      invocation.options.changed("test_fraction") || invocation.text("split").empty();
  if (invocation.options.changed("test_fraction") && !invocation.text("split").empty()) {
    wrong_usage("pass --split or --test-fraction, not both");
  }
  plan.test_fraction = by_fraction ? invocation.options.number("test_fraction") : 0;
  return plan;
}

static void print_summary(const Json& result) {
  std::string text =
      fmt::format("{:<20} {:>8} {:>8} {:>8} {:>8}\n", "strategy", "aulc", "sd", "final", "rank");
  for (const Json& row : result["summary"]) {
    text += fmt::format("{:<20} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.2f}\n",
                        row["strategy"].get<std::string>(), row["aulc_mean"].get<double>(),
                        row["aulc_sd"].get<double>(), row["final_accuracy_mean"].get<double>(),
                        row["rank_mean"].get<double>());
  }
  for (const Json& row : result["comparisons"]) {
    text += fmt::format("{} against {}: aulc {:+.4f} (95 % {:+.4f} to {:+.4f}), p = {:.4f}",
                        row["strategy"].get<std::string>(), row["against"].get<std::string>(),
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
  std::fputs((curve_plot(result) + "\n" + text).c_str(), stdout);
}

static bool one_by_one(const Invocation& invocation) {
  if (invocation.text("protocol") == "none") return false;
  for (const std::string_view fixed :
       {"learner", "featurizer", "initial", "initial_per_class", "ssl", "batch_size", "budget",
        "noise", "audit_share", "test_fraction", "split"}) {
    if (invocation.options.changed(fixed))
      wrong_usage("--protocol fixes {}; leave it out, or the protocol", fixed);
  }
  return true;
}

static std::string metric_of(const Invocation& invocation, bool one_by_one) {
  if (one_by_one && !invocation.options.changed("metric")) return "aubc_trapz_over_n";
  return invocation.text("metric");
}

static int run(const Invocation& invocation) {
  if (invocation.arguments.size() != 1)
    wrong_usage("simulate takes one DATA file; try querist simulate --help");
  set_threads(static_cast<size_t>(invocation.options.integer("threads")));
  const bool protocol = one_by_one(invocation);
  const loop::SimulationPlan plan = plan_of(invocation);
  const std::string& path = invocation.arguments[0];
  ProgressBar bar("simulating");
  const auto table =
      loop::read_table(path, roles_of(invocation), invocation.text("embeddings"), bar.progress());
  for (size_t i = 0; i < table.problems.size() && i < 5; ++i) {
    std::fprintf(stderr, "row %lld was left out: %s\n",
                 static_cast<long long>(table.problems[i].row), table.problems[i].reason.c_str());
  }
  if (table.problems.size() > 5)
    std::fprintf(stderr, "… and %zu more rows\n", table.problems.size() - 5);
  const auto simulation = protocol ? loop::simulate_one_by_one(table, plan, bar.progress())
                                   : loop::simulate(table, plan, bar.progress());
  const Json result = loop::simulation_json(simulation, metric_of(invocation, protocol));
  if (!invocation.text("out").empty()) put_out(invocation.text("out"), result.dump());
  if (!invocation.text("html").empty())
    put_out(invocation.text("html"), loop::simulation_html(result, path));
  if (invocation.options.flag("json")) {
    put_out("", result.dump() + "\n");
  } else {
    print_summary(result);
  }
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
            .help = "Learner that is trained."},
           {.name = "featurizer", .fallback = "", .help = "Featurizer; empty: the usual one."},
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
            .choices = {"none", "one_by_one_rbf_svm"},
            .help = "one_by_one_rbf_svm: as the published comparison on 26 binary tables, one "
                    "label a step to the last under an RBF support vector machine."},
           {.name = "noise",
            .fallback = 0.0,
            .min = 0,
            .max = 1,
            .help = "Chance of a wrong answer."},
           {.name = "audit_share",
            .fallback = 0.0,
            .min = 0,
            .max = 1,
            .help = "Share of each batch drawn at random and not trained on; it counts as spent."},
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
           {.name = "out", .fallback = "", .help = "Write the result as JSON to this file."},
           {.name = "html", .fallback = "", .help = "Write a self-contained report to this file."},
           json_option()}),
      .run = run,
  };
}

}  // namespace querist::app
