// The options of querist simulate as a plan; lists of numbers are read here.
#include "app/simulate_plan.h"

#include <algorithm>
#include <charconv>

#include "app/simulate_task.h"
#include "base/error.h"
#include "base/fast_hash.h"
#include "base/file.h"
#include "loop/simulation/named_once.h"
#include "strategies/door/expression.h"

namespace querist::app {

static double accuracy_of(const std::string& text) {
  static const ParamSpec spec = {.name = "annotator_accuracy", .fallback = 0.8, .min = 0, .max = 1};
  return std::get<double>(parse_value(spec, text));
}

// The whole numbers of a comma-separated option, each from 1 to most and named once.
static std::vector<size_t> numbers_in(const Invocation& invocation, std::string_view name,
                                      size_t most) {
  const std::vector<std::string> texts = invocation.list(name);
  if (texts.empty()) wrong_usage("{} names nothing: name at least one number", name);
  std::vector<size_t> numbers;
  for (const std::string& text : texts) {
    size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > most) {
      wrong_usage("{} must be a whole number between 1 and {}, or several, comma-separated, not {}",
                  name, most, text);
    }
    if (std::find(numbers.begin(), numbers.end(), number) != numbers.end())
      wrong_usage("{} names {} twice: name each once", name, number);
    numbers.push_back(number);
  }
  return numbers;
}

// Batch sizes outside, as the sections of the result.
static void plan_schedules(const Invocation& invocation, loop::SimulationPlan& plan) {
  const auto batch_sizes = numbers_in(invocation, "batch_size", 1'000'000);
  const auto budgets = numbers_in(invocation, "budget", 10'000'000);
  plan.batch_size = batch_sizes[0];
  plan.budget = budgets[0];
  if (batch_sizes.size() * budgets.size() == 1) return;
  for (const size_t batch_size : batch_sizes) {
    for (const size_t budget : budgets) plan.schedules.push_back({batch_size, budget});
  }
}

loop::SimulationPlan simulation_plan_of(const Invocation& invocation) {
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
  plan_task(invocation, plan);
  plan_schedules(invocation, plan);
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

}  // namespace querist::app
