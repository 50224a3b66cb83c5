// The published protocol: what it fixes, and that every step is the optimum that a machine trained
// from nothing reaches.
#include "loop/one_by_one.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/threads.h"
#include "learners/rbf_svm/svm_model.h"
#include "loop/one_by_one/committee.h"
#include "loop/one_by_one/machine.h"
#include "metrics/classification.h"

namespace querist::loop {

// Two classes in four columns, of which the last is constant; file rows are odd.
static Table numbers_table(size_t rows, double positive = 0.4, uint64_t seed = 5) {
  Table table;
  table.payload = PayloadKind::columns;
  table.columns = {"a", "b", "c", "d"};
  table.classes = {"0", "1"};
  Rng rng(seed);
  for (size_t i = 0; i < rows; ++i) {
    const bool is_positive = rng.uniform() < positive;
    Payload payload;
    for (int j = 0; j < 3; ++j)
      payload.cells.push_back(
          std::to_string(100 * rng.normal() + (is_positive && j < 2 ? 120 : 0)));
    payload.cells.emplace_back("7.3");
    table.payloads.push_back(std::move(payload));
    table.labels.push_back(is_positive);
    table.source_rows.push_back(static_cast<int64_t>(2 * i + 1));
    table.splits.emplace_back();
  }
  return table;
}

static SimulationPlan plan_of(std::vector<std::string> strategies, size_t seeds) {
  SimulationPlan plan;
  plan.strategies = std::move(strategies);
  plan.seeds = seeds;
  return plan;
}

static Simulation run(const Table& table, const SimulationPlan& plan) {
  return simulate_one_by_one(table, plan, Progress());
}

static void expect_equal(const SimulationRun& a, const SimulationRun& b) {
  EXPECT_EQ(a.strategy, b.strategy);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.accuracy, b.accuracy);
  EXPECT_EQ(a.balanced_accuracy, b.balanced_accuracy);
  EXPECT_EQ(a.log_loss, b.log_loss);
  EXPECT_EQ(a.indices, b.indices);
}

TEST(OneByOne, GivesTheSameRunsAgainOnOneThreadAndOnTwo) {
  const Table table = numbers_table(90);
  const auto plan = plan_of({"margin", "random", "vote_entropy", "quire"}, 3);
  set_threads(1);
  const Simulation alone = run(table, plan);
  set_threads(2);
  const Simulation together = run(table, plan);
  set_threads(0);
  ASSERT_EQ(alone.runs.size(), 12u);
  for (size_t i = 0; i < 12; ++i) expect_equal(alone.runs[i], together.runs[i]);
}

TEST(OneByOne, CountsSeedsFromTheFirst) {
  const Table table = numbers_table(60);
  auto plan = plan_of({"margin", "random"}, 4);
  const Simulation all = run(table, plan);
  plan.first_seed = 2;
  plan.seeds = 2;
  const Simulation rest = run(table, plan);
  expect_equal(rest.runs[0], all.runs[2]);
  expect_equal(rest.runs[3], all.runs[7]);
}

TEST(OneByOne, SpendsOneLabelAStepUntilThePoolIsEmpty) {
  const Simulation simulation = run(numbers_table(91), plan_of({"margin", "random"}, 3));
  EXPECT_EQ(simulation.pool, 54u);  // 60 % of 91, rounded down.
  EXPECT_EQ(simulation.test, 37u);
  for (const SimulationRun& run : simulation.runs) {
    ASSERT_EQ(run.labels.size(), 35u);
    ASSERT_EQ(run.indices.size(), 35u);
    std::set<int64_t> seen;
    for (size_t k = 0; k < 35; ++k) {
      EXPECT_EQ(run.labels[k], 20 + static_cast<double>(k));
      EXPECT_EQ(run.indices[k].size(), k == 0 ? 20u : 1u);
      for (const int64_t row : run.indices[k]) {
        EXPECT_EQ(row % 2, 1);
        EXPECT_TRUE(seen.insert(row).second);
      }
    }
  }
  const SimulationRun& margin = simulation.runs[0];
  const SimulationRun& random = simulation.runs[3];
  EXPECT_EQ(margin.indices[0], random.indices[0]);
  EXPECT_NE(margin.indices[1], random.indices[1]);
  // With all labels the strategies hold the same set: the same model but for the tolerance.
  EXPECT_NEAR(margin.accuracy.back(), random.accuracy.back(), 1.0 / 37 + 1e-9);
  EXPECT_NE(simulation.runs[0].indices[0], simulation.runs[1].indices[0]);
}

TEST(OneByOne, StartsWithBothClassesHoweverRareOneIs) {
  const Table table = numbers_table(200, 0.04);
  const Simulation simulation = run(table, plan_of({"random"}, 12));
  for (const SimulationRun& run : simulation.runs) {
    int positive = 0;
    for (const int64_t row : run.indices[0]) positive += table.labels[static_cast<size_t>(row / 2)];
    EXPECT_GT(positive, 0);
    EXPECT_LT(positive, 20);
  }
}

TEST(OneByOne, StandardisesByThePoolAlone) {
  const Table table = numbers_table(100);
  const auto stage = one_by_one_stage(table, numbers_of(table), 0.4, 20, 3);
  const size_t n = stage.pool.size();
  ASSERT_EQ(n, 60u);
  for (size_t j = 0; j < 4; ++j) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; ++i) {
      const double value = double{stage.features.at(i, j)};
      sum += value / 60;
      squares += value * value / 60;
    }
    EXPECT_NEAR(sum, 0, 1e-6);
    EXPECT_NEAR(squares, j == 3 ? 0 : 1, 1e-6);  // The constant column stays.
  }
  for (size_t i = 0; i < n; i += 7) {
    for (size_t k = 0; k < 100; k += 9) {
      double distance = 0;
      for (size_t j = 0; j < 4; ++j)
        distance += std::pow(double{stage.features.at(i, j)} - double{stage.features.at(k, j)}, 2);
      EXPECT_NEAR(stage.kernel_row(i)[k], std::exp(-distance / 4), 1e-6);
    }
  }
}

TEST(OneByOne, StaysAtTheOptimumThatTrainingFromNothingReaches) {
  const Table table = numbers_table(160);
  const auto stage = one_by_one_stage(table, numbers_of(table), 0.4, 20, 1);
  OneByOneMachine machine(stage);
  const auto& learner = learners::find("rbf_svm");
  Params params(learner.params);
  params.set("probabilities", "decision");
  params.set("tolerance", 1e-6);
  for (size_t row = 0; row < stage.pool.size(); ++row) {
    machine.learn(row);
    if (row < 19) continue;
    machine.solve();
    if (row % 8 != 0 && row + 1 != stage.pool.size()) continue;
    Dataset data;
    data.features = MatrixView(row + 1, 4, stage.features.values.data());
    data.labels.assign(stage.pool_labels.begin(),
                       stage.pool_labels.begin() + static_cast<long>(row) + 1);
    data.classes = 2;
    const auto model = learners::train(learner, data, params, nullptr, 1, Progress());
    const auto decisions =
        dynamic_cast<const learners::SvmModel&>(*model).decisions(stage.features);
    // Both stop at their tolerance; 1e-3 moves a decision value by a few times as much.
    for (size_t i = 0; i < stage.pool.size(); ++i)
      ASSERT_NEAR(machine.pool_decision(i), decisions[i], 5e-3) << row;
    for (size_t i = 0; i < stage.test.size(); ++i)
      ASSERT_NEAR(machine.test_decision(i), decisions[stage.pool.size() + i], 5e-3) << row;
  }
}

TEST(OneByOne, AsksByMarginAboutTheSmallestDecision) {
  const Table table = numbers_table(80);
  const Simulation simulation = run(table, plan_of({"margin"}, 1));
  const auto stage = one_by_one_stage(table, numbers_of(table), 0.4, 20, 0);
  OneByOneMachine machine(stage);
  std::set<int64_t> labeled;
  const auto learn = [&](int64_t file_row) {
    const auto at = std::find(stage.pool.begin(), stage.pool.end(), file_row / 2);
    machine.learn(static_cast<size_t>(at - stage.pool.begin()));
    labeled.insert(file_row / 2);
  };
  const SimulationRun& margin = simulation.runs[0];
  for (const int64_t row : margin.indices[0]) learn(row);
  for (size_t k = 1; k < margin.indices.size(); ++k) {
    machine.solve();
    double least = INFINITY, asked = INFINITY;
    for (size_t i = 0; i < stage.pool.size(); ++i) {
      if (labeled.contains(stage.pool[i])) continue;
      const double decision = std::abs(machine.pool_decision(i));
      least = std::min(least, decision);
      if (stage.pool[i] == margin.indices[k][0] / 2) asked = decision;
    }
    ASSERT_NEAR(asked, least, 1e-6) << k;  // float32 probabilities.
    learn(margin.indices[k][0]);
  }
}

TEST(OneByOne, TrainsEveryMemberToTheOptimumOfItsBag) {
  const Table table = numbers_table(120);
  const auto stage = one_by_one_stage(table, numbers_of(table), 0.4, 20, 2);
  OneByOneMachine machine(stage);
  std::vector<int64_t> labeled;
  for (size_t row = 0; row < 50; ++row) {
    machine.learn(row);
    labeled.push_back(static_cast<int64_t>(row));
  }
  machine.solve();
  OneByOneCommittee committee(stage);
  const Members members = committee.probabilities(machine, labeled, 9);
  ASSERT_EQ(members.members, 8u);
  const auto& learner = learners::find("rbf_svm");
  Params params(learner.params);
  params.set("probabilities", "decision");
  for (size_t m = 0; m < 8; ++m) {
    // The bag as the committee draws it: labels are of both classes, so the first draw counts.
    Rng rng(mix_seed(9, m));
    Dataset data;
    Matrix bag(50, 4);
    for (size_t draw = 0; draw < 50; ++draw) {
      const auto row = static_cast<size_t>(labeled[rng.below(50)]);
      std::copy_n(stage.features.row(row).begin(), 4, bag.row(draw).begin());
      data.labels.push_back(stage.pool_labels[row]);
    }
    data.features = bag;
    data.classes = 2;
    Matrix out;
    learners::train(learner, data, params, nullptr, 1, Progress())
        ->probabilities(stage.pool_features(), out);
    for (size_t i = 0; i < stage.pool.size(); ++i)
      ASSERT_NEAR(members.member(m).row(i)[1], out.at(i, 1), 2e-3) << m;
  }
}

static std::string refusal(const Table& table, const SimulationPlan& plan) {
  try {
    run(table, plan);
  } catch (const Error& error) {
    EXPECT_NE(error.code(), Code::internal);
    return error.what();
  }
  return "";
}

TEST(OneByOne, RefusesWhatTheProtocolIsNotFor) {
  const auto plan = plan_of({"random"}, 1);
  Table table = numbers_table(60);
  table.classes.emplace_back("2");
  EXPECT_NE(refusal(table, plan).find("two classes"), std::string::npos);
  table = numbers_table(60);
  table.payloads[7].cells[1] = "blue";
  EXPECT_NE(refusal(table, plan).find("\"blue\" in column b"), std::string::npos);
  table = numbers_table(60);
  table.payload = PayloadKind::text;
  EXPECT_NE(refusal(table, plan).find("the data has text"), std::string::npos);
  EXPECT_NE(refusal(numbers_table(30), plan).find("more rows"), std::string::npos);
  EXPECT_NE(refusal(numbers_table(60, 0), plan).find("never held both"), std::string::npos);
  EXPECT_NE(refusal(numbers_table(60), plan_of({"clairvoyance"}, 1)).find("clairvoyance"),
            std::string::npos);
  EXPECT_NE(refusal(numbers_table(60), plan_of({"random"}, 0)).find("at least 1"),
            std::string::npos);
}

TEST(OneByOne, GoesOnFromTheSideFileToTheSameResult) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("querist_one_by_one_" + std::to_string(getpid()) + ".runs");
  std::filesystem::remove(path);
  const Table table = numbers_table(60);
  SimulationPlan plan = plan_of({"margin", "random"}, 2);
  const Simulation whole = run(table, plan);
  plan.side_file = path;
  EXPECT_EQ(run(table, plan).resumed, 0u);
  const std::string full = read_file(path);
  size_t cut = full.find('\n') + 1;
  for (size_t kept = 0; kept <= 4; ++kept) {
    write_file_atomically(path, full.substr(0, cut + 30));  // Within a line, as if killed there.
    const Simulation again = run(table, plan);
    EXPECT_EQ(again.resumed, kept);
    EXPECT_EQ(again.pool, whole.pool);
    for (size_t i = 0; i < 4; ++i) expect_equal(again.runs[i], whole.runs[i]);
    if (kept < 4) cut = full.find('\n', cut) + 1;
  }
  SimulationPlan other = plan;
  other.task_learner = "naive_bayes";
  EXPECT_EQ(run(table, other).resumed, 0u);
  EXPECT_EQ(run(table, other).resumed, 4u);
  other.initial = 20;  // Not the protocol's: runs of the free simulation are of another kind.
  other.test_fraction = 0.4;
  EXPECT_EQ(simulate(table, other, Progress()).resumed, 0u);
  EXPECT_EQ(run(table, other).resumed, 0u);
  std::filesystem::remove(path);
}

TEST(OneByOne, KnowsWhatTheWholePoolGivesAndSaysByWhatItIsJudged) {
  SimulationPlan plan = plan_of({"margin", "random"}, 2);
  const Simulation simulation = run(numbers_table(60), plan);
  for (const SimulationRun& one : simulation.runs) {
    EXPECT_EQ(one.learner, "rbf_svm");
    EXPECT_EQ(one.labels.back(), static_cast<double>(simulation.pool));
    EXPECT_EQ(one.full_accuracy, one.accuracy.back());
  }
  const Json result = simulation_json(simulation, "aubc_trapz_over_n");
  for (const Json& row : result["summary"]) {
    ASSERT_EQ(row["labels_to_reach"].size(), 3u);
    EXPECT_EQ(row["labels_to_reach"][2]["reached"], 2);  // The last model is its own share of 1.
  }
  const std::string page = simulation_html(result, "t");
  EXPECT_NE(page.find("Labels to come close to the whole pool"), std::string::npos);
  EXPECT_NE(page.find("by aubc_trapz_over_n: trapezoids"), std::string::npos);
  plan.task_learner = "naive_bayes";
  EXPECT_EQ(run(numbers_table(60), plan).runs[0].learner, "naive_bayes");
}

TEST(OneByOne, StopsWhenCancelled) {
  Progress progress;
  progress.cancel();
  EXPECT_THROW(simulate_one_by_one(numbers_table(60), plan_of({"random"}, 1), progress), Error);
}

// The machine's optimum in a learner's clothes: rbf_svm with the protocol's settings answers with
// the same sign, so measuring it measures the machine, and a margin is least where the decision is.
TEST(OneByOne, AnotherLearnerCanBeAskedOrMeasured) {
  const Table table = numbers_table(60);
  const SimulationPlan plain = plan_of({"margin"}, 2);
  SimulationPlan same = plain;
  same.task_learner = "rbf_svm(probabilities=decision)";
  const auto machine = run(table, plain);
  const auto learner = run(table, same);
  SimulationPlan other = plain;
  other.query_learner = "logistic_regression(strength=1)";
  const auto asked = run(table, other);
  for (size_t i = 0; i < machine.runs.size(); ++i) {
    EXPECT_EQ(learner.runs[i].indices, machine.runs[i].indices)
        << "what is measured chooses nothing";
    double apart = 0;
    for (size_t k = 0; k < machine.runs[i].accuracy.size(); ++k)
      apart = std::max(apart, std::abs(learner.runs[i].accuracy[k] - machine.runs[i].accuracy[k]));
    EXPECT_LE(apart, 3.0 / 24) << "two solvers of one problem may differ at the boundary alone";
    EXPECT_NE(asked.runs[i].indices, machine.runs[i].indices);
    EXPECT_EQ(asked.runs[i].accuracy.back(), machine.runs[i].accuracy.back())
        << "with every label the machine is the same, but for the order of its rows";
  }
  other.query_learner = "nothing";
  EXPECT_THROW(run(table, other), Error);
}

}  // namespace querist::loop
