// What the tests of simulated regression and of several labels an example share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "loop/simulate.h"
#include "loop/simulation/metric.h"
#include "loop/simulation/task_choices.h"
#include "storage/temporary_folder.h"

namespace querist::loop {

// Four numbers a row, exact in float16 so that no store rounds them; answer(table, x, rng) adds
// what is to be predicted of them. Every third row is for testing.
template <class Answer>
Table numbered_rows(int rows, uint64_t seed, Answer answer) {
  Table table;
  table.payload = PayloadKind::embedding;
  Rng rng(seed);
  for (int i = 0; i < rows; ++i) {
    Payload payload;
    for (int d = 0; d < 4; ++d)
      payload.embedding.push_back(static_cast<float>(std::round(128 * rng.normal()) / 64));
    answer(table, payload.embedding, rng);
    table.payloads.push_back(payload);
    table.labels.push_back(0);
    table.source_rows.push_back(i);
    table.splits.push_back(i % 3 ? "train" : "test");
    table.groups.emplace_back();
  }
  return table;
}

// Rows of a file that begins at its eleventh; empty: no label.
inline Table labelled(const std::vector<std::string>& texts) {
  Table table;
  for (size_t i = 0; i < texts.size(); ++i) {
    table.source_rows.push_back(static_cast<int64_t>(10 + i));
    table.labels.push_back(texts[i].empty() ? -1 : static_cast<int32_t>(table.classes.size()));
    if (!texts[i].empty()) table.classes.push_back(texts[i]);
  }
  return table;
}

// That `read` refuses the table's third text, naming its row.
inline void expect_third_row_named(void (*read)(Table& table), Table table) {
  const std::string text = table.classes.back();
  try {
    read(table);
    ADD_FAILURE() << text;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(fmt::format("row 13: the label \"{}\"", text)),
              std::string::npos)
        << error.what();
  }
}

inline void expect_equal(const Simulation& a, const Simulation& b, Task task) {
  ASSERT_EQ(a.runs.size(), b.runs.size());
  for (size_t i = 0; i < a.runs.size(); ++i) {
    EXPECT_EQ(a.runs[i].indices, b.runs[i].indices);
    for (const Measure& measure : measures_of(task)) {
      EXPECT_EQ(a.runs[i].*measure.curve, b.runs[i].*measure.curve) << measure.key;
      if (!measure.full) continue;
      EXPECT_EQ(a.runs[i].*measure.full, b.runs[i].*measure.full) << measure.key;
    }
  }
}

// other: the table with another answer, which makes another simulation.
inline void expect_same_on_any_threads_and_resumed(const Table& table, const Table& other,
                                                   SimulationPlan plan) {
  const auto run = [&] { return simulate(table, plan, Progress()); };
  set_threads(1);
  const Simulation alone = run();
  set_threads(2);
  expect_equal(alone, run(), plan.task);
  set_threads(0);
  const storage::TemporaryFolder folder;
  plan.side_file = folder.path() / "x.runs";
  expect_equal(alone, run(), plan.task);
  const Simulation again = run();
  EXPECT_EQ(again.resumed, alone.runs.size());
  expect_equal(alone, again, plan.task);
  EXPECT_EQ(simulate(other, plan, Progress()).resumed, 0u);
}

inline void expect_smaller_budget_from_the_larger_ones_runs(const Table& table, SimulationPlan plan,
                                                            size_t smaller) {
  plan.schedules = {{plan.batch_size, smaller}, {plan.batch_size, plan.budget}};
  const Simulation both = simulate(table, plan, Progress());
  plan.schedules.clear();
  plan.budget = smaller;
  Simulation first = both;
  first.runs.resize(plan.seeds);
  expect_equal(first, simulate(table, plan, Progress()), plan.task);
}

inline std::string refusal(const Table& table, const SimulationPlan& plan) {
  try {
    simulate(table, plan, Progress());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument);
    return error.what();
  }
  return "";
}

// The list of a refusal is what somebody then names, so all of it must run: `some` are on it, and
// `others` are refused with it.
inline void expect_named_strategies_run(const Table& table, SimulationPlan plan,
                                        std::initializer_list<const char*> some,
                                        std::initializer_list<const char*> others) {
  plan.strategies = {"margin"};
  const std::string said = refusal(table, plan);
  const std::string lead = "there are ";
  ASSERT_NE(said.find("the strategy margin"), std::string::npos) << said;
  ASSERT_NE(said.find(lead), std::string::npos) << said;
  for (const char* name : others) {
    plan.strategies = {name};
    EXPECT_NE(refusal(table, plan).find(lead), std::string::npos) << name;
  }
  plan.strategies = strategies::split_strategies(said.substr(said.find(lead) + lead.size()));
  for (const char* name : some)
    EXPECT_NE(std::ranges::find(plan.strategies, name), plan.strategies.end())
        << name << " in " << said;
  plan.seeds = 1;
  for (const SimulationRun& run : simulate(table, plan, Progress()).runs)
    EXPECT_EQ(run.labels.back(), static_cast<double>(plan.budget)) << run.strategy;
}

// Options of one class an example are refused by name, and a learner of classes with `fitting`.
inline void expect_options_of_classes_refused(const Table& table, const SimulationPlan& plan,
                                              const char* of_classes, const char* fitting) {
  const auto refused = [&](auto change) {
    SimulationPlan changed = plan;
    change(changed);
    return refusal(table, changed);
  };
  const auto expect = [&](const char* word, auto change) {
    EXPECT_NE(refused(change).find(word), std::string::npos) << word;
  };
  using Plan = SimulationPlan;
  expect("ssl", [](Plan& p) { p.ssl = "auto"; });
  expect("noise", [](Plan& p) { p.noise = 0.1; });
  expect("annotators", [](Plan& p) { p.crowd.annotators = 3; });
  expect("audit_share", [](Plan& p) { p.audit_share = 0.1; });
  expect("typos", [](Plan& p) { p.typos = 0.1; });
  expect("initial_per_class", [](Plan& p) { p.initial_per_class = 2; });
  expect("stopping", [](Plan& p) { p.stopping = {"stabilizing_predictions"}; });
  expect(fitting, [&](Plan& p) { p.learner = of_classes; });
  expect(fitting, [](Plan& p) { p.learner = "auto"; });
}

}  // namespace querist::loop
