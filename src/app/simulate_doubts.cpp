// Files first, then ids, then numbers that nobody means.
#include "app/simulate_doubts.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <unordered_set>

#include "app/text.h"
#include "base/error.h"
#include "loop/simulation/stage.h"

namespace querist::app {

void check_out_folders(const Invocation& invocation) {
  for (const char* option : {"out", "html"}) {
    const std::filesystem::path path = invocation.text(option);
    if (path.empty() || path == "-") continue;
    if (std::filesystem::is_directory(path)) {
      refuse("--{} {} is a folder: name a file in it, such as {}", option, path.string(),
             (path / (option == std::string_view("out") ? "result.json" : "report.html")).string());
    }
    if (path.has_parent_path() && !std::filesystem::is_directory(path.parent_path()))
      refuse("--{} {}: there is no folder {}", option, path.string(), path.parent_path().string());
  }
}

void check_idle_options(const Invocation& invocation) {
  const auto check = [&](const char* option, const char* needed, double given) {
    if (given == 0 && invocation.options.changed(option))
      wrong_usage("{} does nothing without {}", flag_of(option), flag_of(needed));
  };
  for (const char* option : {"votes", "annotator_accuracy", "annotator_errors", "spammers"})
    check(option, "annotators", invocation.options.number("annotators"));
  check("labels_saved", "audit_share", invocation.options.number("audit_share"));
}

void leave_out_repeated_ids(loop::Table& table) {
  std::unordered_set<std::string> seen;
  std::vector<size_t> kept;
  for (size_t i = 0; i < table.ids.size(); ++i) {
    if (table.ids[i].empty() || seen.insert(table.ids[i]).second) kept.push_back(i);
  }
  const size_t repeated = table.ids.size() - kept.size();
  if (repeated == 0) return;
  const auto keep = [&](auto& column) {
    for (size_t k = 0; k < kept.size(); ++k) {
      if (k != kept[k]) column[k] = std::move(column[kept[k]]);
    }
    column.resize(kept.size());
  };
  keep(table.payloads);
  keep(table.source_rows);
  keep(table.labels);
  keep(table.splits);
  keep(table.ids);
  keep(table.groups);
  keep(table.times);
  std::fprintf(stderr, "%zu rows were left out: an earlier row has their id\n", repeated);
}

// Of lists of labels: that all are short, as a wrong separator has it, and that some are empty.
static void tell_of_sets(const loop::Table& table) {
  size_t most = 0, rows = 0, empty = 0;
  for (size_t i = 0; i < table.label_sets.size(); ++i) {
    if (table.labels[i] < 0) continue;
    most = std::max(most, table.label_sets[i].size());
    ++rows;
    empty += table.label_sets[i].empty();
  }
  if (most == 1) {
    std::fputs(
        "no row has more than one label: if they are not divided by |, say by what with "
        "--label-separator\n",
        stderr);
  }
  if (empty > 0)
    std::fprintf(stderr, "%zu of %zu rows have no label: none applies to them\n", empty, rows);
}

void tell_doubts(const loop::SimulationPlan& plan, const loop::Table& table) {
  if (plan.task == Task::multi_label) tell_of_sets(table);
  const size_t pool = loop::split_rows(table, plan, plan.first_seed).pool.size();
  std::vector<size_t> budgets = {plan.budget};
  for (const loop::Schedule& schedule : plan.schedules) budgets.push_back(schedule.budget);
  if (const size_t budget = *std::max_element(budgets.begin(), budgets.end());
      pool > 1 && budget > pool) {
    std::fprintf(stderr,
                 "the budget of %zu labels is above the pool of %zu: runs end with the pool\n",
                 budget, pool);
  }
  if (plan.audit_share >= 1)
    std::fputs(
        "with --audit-share 1 all labels after the first ones are drawn at random and none "
        "is trained on\n",
        stderr);
  if (plan.noise >= 1) std::fputs("with --noise 1 every answer is wrong\n", stderr);
}

}  // namespace querist::app
