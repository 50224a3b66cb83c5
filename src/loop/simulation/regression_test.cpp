// Simulations of regression against ridge by normal equations and greedy sampling by brute force.
#include <gtest/gtest.h>

#include "loop/simulation/number_scores.h"
#include "loop/simulation/targets.h"
#include "loop/simulation/task_fixture.h"

namespace querist::loop {

// A target that is linear in four numbers but for one bend and noise.
static Table numbers_table(int rows) {
  return numbered_rows(rows, 3, [](Table& table, const std::vector<float>& x, Rng& rng) {
    const double y = 100 + 7 * x[0] - 3 * x[1] + std::abs(x[2]) + 0.5 * rng.normal();
    table.targets.push_back(static_cast<float>(y));
  });
}

static SimulationPlan numbers_plan(std::vector<std::string> strategies) {
  SimulationPlan plan;
  plan.task = Task::regression;
  plan.strategies = std::move(strategies);
  plan.learner = "ridge(alpha=2)";
  plan.initial = 6;
  plan.batch_size = 4;
  plan.budget = 26;
  plan.seeds = 2;
  return plan;
}

// Gauss and Jordan with pivots: x of a x = b.
static std::vector<double> solve(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t k = 0; k < n; ++k) {
    size_t pivot = k;
    for (size_t i = k; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a[i][k] / a[k][k];
      for (size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (size_t k = 0; k < n; ++k) b[k] /= a[k][k];
  return b;
}

// Ridge with a free intercept as one system of five unknowns: the penalty spares the last.
static NumberScores scores_by_normal_equations(const Table& table, const std::vector<int64_t>& rows,
                                               double alpha) {
  std::vector<std::vector<double>> gram(5, std::vector<double>(5));
  std::vector<double> right(5);
  const auto row_of = [&](size_t i) {
    std::vector<double> x(table.payloads[i].embedding.begin(), table.payloads[i].embedding.end());
    x.push_back(1);
    return x;
  };
  for (const int64_t row : rows) {
    const auto x = row_of(static_cast<size_t>(row));
    for (size_t a = 0; a < 5; ++a) {
      for (size_t b = 0; b < 5; ++b) gram[a][b] += x[a] * x[b];
      right[a] += x[a] * double{table.targets[static_cast<size_t>(row)]};
    }
  }
  for (size_t a = 0; a < 4; ++a) gram[a][a] += alpha;
  const auto weights = solve(gram, right);
  double square = 0, absolute = 0, sum = 0, squares = 0, count = 0;
  for (size_t i = 0; i < table.targets.size(); ++i) {
    if (table.splits[i] != "test") continue;
    const auto x = row_of(i);
    double gap = table.targets[i];
    for (size_t a = 0; a < 5; ++a) gap -= weights[a] * x[a];
    square += gap * gap;
    absolute += std::abs(gap);
    sum += table.targets[i];
    squares += double{table.targets[i]} * table.targets[i];
    ++count;
  }
  return {.rmse = std::sqrt(square / count),
          .mae = absolute / count,
          .r_squared = 1 - square / (squares - sum * sum / count)};
}

// Predictions of about 100 are floats, so that each is off by 4e-6 at most; errors have either sign
// and the means over 30 test rows stay below 1e-6 times the targets' size.
TEST(SimulatedRegression, IsRidgeByNormalEquationsAtEveryPoint) {
  SimulationPlan plan = numbers_plan({"random", "igs"});
  plan.full_accuracy = true;
  const Table table = numbers_table(90);
  for (const SimulationRun& run : simulate(table, plan, Progress()).runs) {
    std::vector<int64_t> labelled;
    ASSERT_EQ(run.labels, (std::vector<double>{6, 10, 14, 18, 22, 26}));
    ASSERT_EQ(run.indices.size(), run.labels.size());
    for (size_t i = 0; i < run.labels.size(); ++i) {
      labelled.insert(labelled.end(), run.indices[i].begin(), run.indices[i].end());
      const NumberScores expected = scores_by_normal_equations(table, labelled, 2);
      EXPECT_NEAR(run.rmse[i], expected.rmse, 2e-6);
      EXPECT_NEAR(run.mae[i], expected.mae, 2e-6);
      EXPECT_NEAR(run.r_squared[i], expected.r_squared, 2e-6);
    }
    EXPECT_TRUE(run.interval_coverage.empty());
    EXPECT_TRUE(run.accuracy.empty());
    std::vector<int64_t> pool;
    for (int64_t i = 0; i < 90; ++i)
      if (i % 3) pool.push_back(i);
    const NumberScores full = scores_by_normal_equations(table, pool, 2);
    EXPECT_NEAR(run.full_rmse.value(), full.rmse, 2e-6);
    EXPECT_NEAR(run.full_r_squared.value(), full.r_squared, 2e-6);
    EXPECT_FALSE(run.full_accuracy);
  }
}

// Of the open rows the one whose nearest labelled row is farthest, one after the other.
TEST(SimulatedRegression, PicksAsGreedySamplingDoesByBruteForce) {
  const Table table = numbers_table(90);
  const Simulation simulation = simulate(table, numbers_plan({"gsx"}), Progress());
  const auto distance = [&](int64_t a, int64_t b) {
    double sum = 0;
    for (size_t d = 0; d < 4; ++d) {
      const double gap = double{table.payloads[static_cast<size_t>(a)].embedding[d]} -
                         table.payloads[static_cast<size_t>(b)].embedding[d];
      sum += gap * gap;
    }
    return sum;
  };
  for (const SimulationRun& run : simulation.runs) {
    std::vector<int64_t> labelled = run.indices[0];
    for (size_t i = 1; i < run.indices.size(); ++i) {
      for (const int64_t picked : run.indices[i]) {
        int64_t best = -1;
        double farthest = -1;
        for (int64_t row = 0; row < 90; ++row) {
          if (row % 3 == 0 || std::ranges::find(labelled, row) != labelled.end()) continue;
          double nearest = 1e300;
          for (const int64_t other : labelled) nearest = std::min(nearest, distance(row, other));
          if (nearest > farthest) farthest = nearest, best = row;
        }
        EXPECT_EQ(picked, best);
        labelled.push_back(picked);
      }
    }
  }
}

// A Gaussian process by its textbook formulas (Rasmussen and Williams 2006, 2.25 and 2.26), its
// intervals and their pinball loss by theirs. The variance of a small set is well conditioned; its
// predictions are floats of about 100.
TEST(SimulatedRegression, MeasuresTheIntervalsOfAGaussianProcess) {
  SimulationPlan plan = numbers_plan({"random"});
  plan.learner = "gaussian_process(length_scale=2,noise=0.1,variance=0.8)";
  const Table table = numbers_table(90);
  const auto kernel = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t d = 0; d < 4; ++d) {
      const double gap = double{table.payloads[a].embedding[d]} - table.payloads[b].embedding[d];
      sum += gap * gap;
    }
    return 0.8 * std::exp(-sum / 8);
  };
  const SimulationRun run = simulate(table, plan, Progress()).runs[0];
  std::vector<size_t> rows;
  for (size_t i = 0; i < run.labels.size(); ++i) {
    for (const int64_t row : run.indices[i]) rows.push_back(static_cast<size_t>(row));
    double mean = 0, square = 0;
    for (const size_t row : rows) mean += table.targets[row] / static_cast<double>(rows.size());
    for (const size_t row : rows) square += std::pow(table.targets[row] - mean, 2);
    const double unit = std::sqrt(square / static_cast<double>(rows.size()));
    std::vector<std::vector<double>> matrix(rows.size(), std::vector<double>(rows.size()));
    for (size_t a = 0; a < rows.size(); ++a) {
      for (size_t b = 0; b < rows.size(); ++b) matrix[a][b] = kernel(rows[a], rows[b]);
      matrix[a][a] += 0.8 * 0.1;
    }
    double inside = 0, loss = 0, count = 0;
    for (size_t t = 0; t < 90; t += 3) {
      std::vector<double> along;
      for (const size_t row : rows) along.push_back(kernel(t, row));
      const auto shares = solve(matrix, along);
      double centre = mean, variance = 0.8 + 0.8 * 0.1;
      for (size_t a = 0; a < rows.size(); ++a) {
        centre += shares[a] * (table.targets[rows[a]] - mean);
        variance -= shares[a] * along[a];
      }
      const double reach = 1.6448536269514722 * unit * std::sqrt(variance);
      const double below = table.targets[t] - (centre - reach);
      const double above = table.targets[t] - (centre + reach);
      inside += below >= 0 && above <= 0;
      loss += (below > 0 ? 0.05 * below : -0.95 * below) / 2;
      loss += (above > 0 ? 0.95 * above : -0.05 * above) / 2;
      ++count;
    }
    EXPECT_NEAR(run.interval_coverage[i], inside / count, 1e-12);
    EXPECT_NEAR(run.pinball_loss[i], loss / count, 1e-5);
  }
}

TEST(SimulatedRegression, IsTheSameOnAnyThreadsAndTakenOverFromItsSideFile) {
  SimulationPlan plan = numbers_plan({"committee_variance", "igs"});
  plan.learner = "ridge,gaussian_process";
  plan.full_accuracy = true;
  plan.seeds = 3;
  Table other = numbers_table(90);
  other.targets[0] += 1;
  expect_same_on_any_threads_and_resumed(numbers_table(90), other, plan);
}

TEST(SimulatedRegression, TakesASmallerBudgetFromTheLargerOnesRuns) {
  expect_smaller_budget_from_the_larger_ones_runs(numbers_table(90), numbers_plan({"igs"}), 14);
}

TEST(SimulatedRegression, GivesALearnerWithoutMembersACommitteeOfItsOwn) {
  SimulationPlan plan = numbers_plan({"committee_variance"});
  const Simulation beside = simulate(numbers_table(90), plan, Progress());
  plan.learner = "committee(learner=ridge(alpha=2))";
  const Simulation measured = simulate(numbers_table(90), plan, Progress());
  for (size_t seed = 0; seed < 2; ++seed) {  // The same committee asks, another model is measured.
    EXPECT_EQ(beside.runs[seed].indices, measured.runs[seed].indices);
    EXPECT_NE(beside.runs[seed].rmse, measured.runs[seed].rmse);
  }
}

TEST(SimulatedRegression, RunsEveryStrategyThatItsRefusalNames) {
  expect_named_strategies_run(
      numbers_table(90), numbers_plan({}),
      {"random", "gsx", "gsy", "igs", "lcmd", "committee_variance", "k_center"},
      {"auto", "badge", "mmc", "arbiter", "compose"});
}

TEST(SimulatedRegression, RefusesWhatMeansNothingForNumbers) {
  Table table = numbers_table(30);
  expect_options_of_classes_refused(table, numbers_plan({"random"}), "naive_bayes", "ridge");
  table.targets.clear();
  EXPECT_THROW(simulate(table, numbers_plan({"random"}), Progress()), Error);
}

TEST(ReadTargets, ReadsNumbersAndLeavesOutRowsWithoutOne) {
  Table table = labelled({"3", "", " -2.5e1 ", "+0.5"});
  read_targets(table);
  EXPECT_EQ(table.targets, (std::vector<float>{3, 0, -25, 0.5}));
  EXPECT_EQ(table.labels, (std::vector<int32_t>{0, -1, 0, 0}));
  EXPECT_TRUE(table.classes.empty());
}

TEST(ReadTargets, NamesTheRowOfWhatIsNoFiniteNumber) {
  for (const char* text :
       {"?", "NaN", "inf", "1e39", "1e400", "12 kg", "1,5", "0x10", "-", "+-1"}) {
    expect_third_row_named(read_targets, labelled({"3", "4", text}));
  }
  Table constant = labelled({"3", "3.0", ""}), empty = labelled({"", ""});
  EXPECT_THROW(read_targets(constant), Error);
  EXPECT_THROW(read_targets(empty), Error);
}

}  // namespace querist::loop
