// The solver against the conditions of the optimum recomputed from scratch, and against plain
// coordinate pairs.
#include "kernels/svc_dual.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace querist::kernels {

// A random problem with its whole kernel; some rows repeat, some are not trained on.
struct SvcCase {
  size_t n;
  std::vector<float> kernel;
  std::vector<double> target, upper;

  explicit SvcCase(Rng& rng) : n(1 + rng.below(70)), kernel(n * n), target(n), upper(n) {
    const size_t cols = 1 + rng.below(6);
    std::vector<double> x(n * cols);
    for (double& value : x) value = rng.normal();
    for (size_t i = 1; i < n; ++i) {
      if (rng.uniform() < 0.1)
        std::copy_n(x.begin(), cols, x.begin() + static_cast<long>(i * cols));
    }
    const double gamma = std::pow(10, 3 * rng.uniform() - 2);
    const double balance = rng.uniform();
    const double strength = std::pow(10, 2.5 * rng.uniform() - 1.5);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        double squares = 0;
        for (size_t c = 0; c < cols; ++c) squares += std::pow(x[i * cols + c] - x[j * cols + c], 2);
        kernel[i * n + j] = static_cast<float>(std::exp(-gamma * squares));
      }
      target[i] = rng.uniform() < 0.2 ? 0 : rng.uniform() < balance ? 1 : -1;
      upper[i] = strength * (rng.uniform() < 0.5 ? 1 : 0.5 + rng.uniform());
    }
  }
  KernelRow rows() const {
    return [this](size_t i) { return kernel.data() + i * n; };
  }
  SvcDual cold() const {
    SvcDual dual{.beta = std::vector<double>(n), .low = {}, .high = {}, .residual = target};
    for (size_t i = 0; i < n; ++i) {
      dual.high.push_back(target[i] > 0 ? upper[i] : 0);
      dual.low.push_back(target[i] < 0 ? -upper[i] : 0);
    }
    return dual;
  }
  double residual(const SvcDual& dual, size_t i) const {
    double sum = target[i];
    for (size_t j = 0; j < n; ++j) sum -= dual.beta[j] * static_cast<double>(kernel[i * n + j]);
    return sum;
  }
};

// Sweeps over all pairs until none moves: slow, and sure.
static SvcDual plain_optimum(const SvcCase& problem) {
  SvcDual dual = problem.cold();
  const size_t n = problem.n;
  for (int sweep = 0; sweep < 3000; ++sweep) {
    double moved = 0;
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        if (i == j) continue;
        const double curvature =
            std::max(1e-12, 2 - 2 * static_cast<double>(problem.kernel[i * n + j]));
        double change = (dual.residual[i] - dual.residual[j]) / curvature;
        if (change <= 0) continue;
        change = std::min({change, dual.high[i] - dual.beta[i], dual.beta[j] - dual.low[j]});
        if (change <= 0) continue;
        dual.beta[i] += change;
        dual.beta[j] -= change;
        for (size_t t = 0; t < n; ++t)
          dual.residual[t] -= change * (static_cast<double>(problem.kernel[i * n + t]) -
                                        static_cast<double>(problem.kernel[j * n + t]));
        moved = std::max(moved, change);
      }
    }
    if (moved < 1e-10) break;
  }
  return dual;
}

static void expect_optimal(const SvcCase& problem, const SvcDual& dual, const SvcEnd& end,
                           double tolerance) {
  double sum = 0;
  double most = -INFINITY;
  double least = INFINITY;
  for (size_t i = 0; i < problem.n; ++i) {
    ASSERT_LE(dual.low[i], dual.beta[i]);
    ASSERT_LE(dual.beta[i], dual.high[i]);
    sum += dual.beta[i];
    const double fresh = problem.residual(dual, i);
    // Every step rounds once; there are at most some thousands.
    ASSERT_NEAR(dual.residual[i], fresh, 1e-10);
    if (dual.beta[i] < dual.high[i]) most = std::max(most, fresh);
    if (dual.beta[i] > dual.low[i]) least = std::min(least, fresh);
  }
  EXPECT_NEAR(sum, 0, 1e-10);
  EXPECT_LE(most - least, tolerance + 1e-9);
  EXPECT_LE(end.violation, tolerance);
  if (std::isfinite(most) && std::isfinite(least)) {
    EXPECT_LE(end.bias, std::max(most, least) + tolerance);
    EXPECT_GE(end.bias, std::min(most, least) - tolerance);
  }
}

TEST(SvcDual, ReachesTheOptimumThatPlainSweepsReach) {
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    const SvcCase problem(rng);
    SvcDual dual = problem.cold();
    const SvcEnd end = solve_svc(problem.rows(), 1e-6, 1'000'000, dual);
    expect_optimal(problem, dual, end, 1e-6);
    const SvcDual plain = plain_optimum(problem);
    // A violation v leaves at most v · sum |beta| to gain: some 1e-8 · 70 · 50 here, and the plain
    // sweeps stop near 1e-10. Float32 kernels are indefinite by their rounding: less is no goal.
    const double objective = svc_objective(dual);
    ASSERT_NEAR(objective, svc_objective(plain), 1e-5 * (1 + objective)) << round;
  }
}

TEST(SvcDual, ReachesTheSameFromAWarmStart) {
  Rng rng(2);
  for (int round = 0; round < 300; ++round) {
    const SvcCase problem(rng);
    SvcDual cold = problem.cold();
    solve_svc(problem.rows(), 1e-6, 1'000'000, cold);
    // A row leaves, the others go on from where they were, and the row comes back.
    SvcDual warm = cold;
    const size_t row = rng.below(problem.n);
    set_beta(problem.rows(), row, 0, warm);
    balance_betas(problem.rows(), warm);
    warm.low[row] = warm.high[row] = 0;
    solve_svc(problem.rows(), 1e-6, 1'000'000, warm);
    EXPECT_EQ(warm.beta[row], 0);
    warm.low[row] = cold.low[row];
    warm.high[row] = cold.high[row];
    const SvcEnd again = solve_svc(problem.rows(), 1e-6, 1'000'000, warm);
    expect_optimal(problem, warm, again, 1e-6);
    const double objective = svc_objective(cold);
    ASSERT_NEAR(svc_objective(warm), objective, 1e-5 * (1 + objective));
    for (size_t i = 0; i < problem.n; ++i) {
      // Strictly convex in the function: a gap of g in the objective moves it by sqrt(2 g).
      ASSERT_NEAR(warm.residual[i], cold.residual[i], 3e-3 * (1 + std::sqrt(objective)));
    }
  }
}

TEST(SvcDual, NeedsNoStepWhereThereIsOneClassOrNone) {
  const std::vector<float> kernel = {1, 0.5F, 0.5F, 1};
  const KernelRow rows = [&](size_t i) { return kernel.data() + 2 * i; };
  for (const double y : {1.0, -1.0}) {
    SvcDual dual{.beta = {0, 0},
                 .low = {std::min(0.0, y), 0},
                 .high = {std::max(0.0, y), 0},
                 .residual = {y, 0}};
    const SvcEnd end = solve_svc(rows, 1e-3, 100, dual);
    EXPECT_EQ(end.steps, 0u);
    EXPECT_EQ(end.bias, y);
  }
  SvcDual none{.beta = {0, 0}, .low = {0, 0}, .high = {0, 0}, .residual = {0, 0}};
  EXPECT_EQ(solve_svc(rows, 1e-3, 100, none).bias, 0);
  SvcDual empty;
  EXPECT_EQ(solve_svc(rows, 1e-3, 100, empty).steps, 0u);
}

TEST(SvcDual, SolvesTwoRowsAsByHand) {
  // One row a class at kernel k: beta = 1 / (1 - k) each, or C where that is less; no bias.
  const std::vector<float> kernel = {1, 0.5F, 0.5F, 1};
  const KernelRow rows = [&](size_t i) { return kernel.data() + 2 * i; };
  for (const double c : {1.0, 10.0}) {
    SvcDual dual{.beta = {0, 0}, .low = {0, -c}, .high = {c, 0}, .residual = {1, -1}};
    const SvcEnd end = solve_svc(rows, 1e-9, 100, dual);
    EXPECT_NEAR(dual.beta[0], std::min(c, 2.0), 1e-12);
    EXPECT_EQ(dual.beta[0], -dual.beta[1]);
    EXPECT_NEAR(end.bias, 0, 1e-12);
  }
}

TEST(SvcDual, StopsAfterTheStepsItMayTake) {
  Rng rng(3);
  SvcCase problem(rng);
  while (problem.n < 40) problem = SvcCase(rng);
  SvcDual dual = problem.cold();
  EXPECT_EQ(solve_svc(problem.rows(), 1e-12, 3, dual).steps, 3u);
}

}  // namespace querist::kernels
