// The search for a strength, and the fit in the span of rows, against fits of every fold to the
// end.
#include "learners/logistic_regression/strength_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "base/threads.h"
#include "learners/logistic_regression/column_fit.h"
#include "learners/logistic_regression/strength_walk.h"
#include "learners/logistic_regression/training_rows.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

namespace {

// Rows around a centre a class; a share of the entries is zero.
struct Cloud {
  Matrix x;
  Csr sparse;
  Problem problem;

  Cloud(size_t rows, size_t cols, size_t classes, double distance, double zeros, bool is_sparse,
        uint64_t seed)
      : x(rows, cols) {
    Rng rng(seed);
    Matrix centres(classes, cols);
    for (float& value : centres.values) value = static_cast<float>(distance * rng.normal());
    sparse.cols = cols;
    problem.classes = classes;
    for (size_t i = 0; i < rows; ++i) {
      problem.labels.push_back(static_cast<int32_t>(i % classes));
      problem.weights.push_back(i % 7 == 0 ? 2 : 1);
      for (size_t j = 0; j < cols; ++j) {
        if (rng.uniform() < zeros) continue;
        x.at(i, j) = centres.at(i % classes, j) + static_cast<float>(rng.normal());
        sparse.columns.push_back(static_cast<int32_t>(j));
        sparse.values.push_back(x.at(i, j));
      }
      sparse.offsets.push_back(static_cast<int64_t>(sparse.columns.size()));
    }
    problem.features = is_sparse ? Features(sparse) : Features(x);
  }
};

}  // namespace

static RowTask task_of(const RowSpace& space, const Problem& problem, double strength) {
  RowTask task{.classes = problem.classes, .strength = strength};
  task.labels.assign(problem.labels.begin(), problem.labels.end());
  task.labels.resize(space.stride());
  task.weights = problem.weights;
  task.weights.resize(space.stride());
  return task;
}

static FitOptions to_the_end(double strength) {
  return {.max_iterations = 2000, .remaining = 1e-9 * strength};
}

static std::vector<double> fit_by_column(const Problem& problem, double strength) {
  std::vector<double> point(problem.size());
  fit_columns(problem, strength, to_the_end(strength), Progress(), point);
  return point;
}

TEST(RowSpace, ReachesTheOptimumOfTheFitByColumn) {
  for (const bool is_sparse : {false, true}) {
    for (const size_t classes : {2, 3, 5, 14}) {
      const Cloud cloud(60, 90, classes, 0.3, is_sparse ? 0.7 : 0, is_sparse, classes);
      for (const double products : {0.0, 1e9}) {  // Without and with the products being kept.
        const RowSpace space(cloud.problem.features, cloud.problem.heads(), products);
        for (const double strength : {0.01, 1.0, 100.0}) {
          RowPoint point;
          const auto result = fit_rows(space, task_of(space, cloud.problem, strength),
                                       to_the_end(strength), Progress(), point);
          EXPECT_TRUE(result.converged);
          const auto own = space.weights(point.coefficients, cloud.problem.heads());
          const auto expected = fit_by_column(cloud.problem, strength);
          const double largest =
              std::abs(*std::max_element(expected.begin(), expected.end(), [](double a, double b) {
                return std::abs(a) < std::abs(b);
              }));
          // Float32 products end both some 1e-4 of the weights' size from the optimum.
          for (size_t j = 0; j < own.size(); ++j) ASSERT_NEAR(own[j], expected[j], 1e-3 * largest);
          // Biases are free up to one number for all.
          for (size_t k = 1; k < point.biases.size(); ++k)
            ASSERT_NEAR(point.biases[k] - point.biases[0],
                        expected[own.size() + k] - expected[own.size()], 2e-3 * (1 + largest));
        }
      }
    }
  }
}

// The definition: each fold fitted to the end without its rows, from nothing.
static double loss_by_definition(const Problem& problem, double strength, size_t folds,
                                 uint64_t seed) {
  const auto fold = metrics::stratified_folds(problem.labels, problem.classes, folds, seed);
  double sum = 0;
  for (size_t f = 0; f < folds; ++f) {
    Problem rest = problem;
    for (size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] == f) rest.weights[i] = 0;
    }
    const auto point = fit_by_column(rest, strength);
    const std::vector<float> narrow(point.begin(), point.end());
    std::vector<float> scores(problem.labels.size() * problem.heads());
    head_scores(problem.features, 0, problem.features.rows, problem.heads(), narrow, scores.data());
    std::vector<double> own = problem.weights;
    for (size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] != f) own[i] = 0;
    }
    sum += softmax_loss(scores, problem.labels, own, problem.heads());
  }
  return sum;
}

TEST(StrengthSearch, EndsWhereNoNeighbourIsBetterByDefinition) {
  for (const auto& [rows, cols, classes, distance, is_sparse] : {std::tuple{60, 90, 3, 0.1, false},
                                                                 {60, 90, 2, 0.3, true},
                                                                 {80, 200, 4, 0.2, true},
                                                                 {90, 12, 3, 0.3, false},
                                                                 {60, 90, 3, 0.0, false},
                                                                 {60, 90, 3, 2.0, false}}) {
    const Cloud cloud(rows, cols, classes, distance, is_sparse ? 0.6 : 0, is_sparse, 17);
    const RowSpace space(cloud.problem.features, cloud.problem.heads(), 200);
    for (const std::optional<double> near : {std::optional<double>(), {1e4}, {1e-4}}) {
      RowPoint point;
      const double chosen = RowSpace::suits(cloud.problem.features)
                                ? choose_strength(space, cloud.problem, near, 5, Progress(), point)
                                : choose_strength(cloud.problem, near, 5, Progress());
      const double scale = space.mean_square_norm();
      const double k = 2 * std::log10(chosen * scale);
      EXPECT_NEAR(k, std::round(k), 1e-6);
      const double loss = loss_by_definition(cloud.problem, chosen, 5, 5);
      for (const double step : {-0.5, 0.5}) {
        const double other = chosen * std::pow(10, step);
        if (std::abs(k + 2 * step - 2) > 6.5) continue;  // Past the ends, -4 and 8.
        // A neighbour may be better by the 0.2 % that do not count, and a little by rounding.
        EXPECT_GE(loss_by_definition(cloud.problem, other, 5, 5), 0.997 * loss)
            << rows << " " << cols << " " << chosen << " " << other;
      }
    }
  }
}

// Columns as they come: one of thousands that says little, others of hundredths that say much. The
// best of every strength of the wider range, each fold fitted to the end, is found within 2 %.
TEST(StrengthSearch, LooksFurtherWhereColumnsAreOfUnlikeUnits) {
  Cloud cloud(120, 6, 3, 0.8, 0, false, 4);
  Cloud like = cloud;
  like.problem.features = like.x;
  for (size_t i = 0; i < cloud.x.rows; ++i) {
    for (size_t j = 0; j < cloud.x.cols; ++j) {
      const float unit = j == 0 ? 1000.0f : 0.05f;
      cloud.x.at(i, j) = cloud.x.at(i, j) * unit + 3 * unit;
    }
  }
  cloud.problem.features = cloud.x;
  EXPECT_EQ(added_strengths(like.problem), 0);
  const int added = added_strengths(cloud.problem);
  ASSERT_GT(added, 4);
  const double scale = RowSpace(cloud.problem.features, 3, 1).mean_square_norm();
  std::vector<double> losses;
  for (int k = -4; k <= 8 + added; ++k) {
    losses.push_back(loss_by_definition(cloud.problem, std::pow(10, 0.5 * k) / scale, 5, 5));
  }
  const double chosen = choose_strength(cloud.problem, std::nullopt, 5, Progress());
  const double loss = loss_by_definition(cloud.problem, chosen, 5, 5);
  EXPECT_LE(loss, 1.02 * *std::min_element(losses.begin(), losses.end()));
  EXPECT_LT(loss, 0.9 * *std::min_element(losses.begin(), losses.begin() + 13));  // Those up to 8.
}

// Without a penalty to speak of, columns in other units and shifted must be fitted alike.
TEST(FitColumns, DoesNotMindUnitsAndShifts) {
  Cloud cloud(200, 4, 3, 0.3, 0, false, 6);
  Cloud other = cloud;
  for (size_t i = 0; i < other.x.rows; ++i) {
    for (size_t j = 0; j < other.x.cols; ++j) {
      const float unit = std::pow(10.0f, static_cast<float>(j) - 1);
      other.x.at(i, j) = (other.x.at(i, j) + 8) * unit;
    }
  }
  cloud.problem.features = cloud.x;
  other.problem.features = other.x;
  std::vector<double> plain(cloud.problem.size()), scaled(cloud.problem.size());
  const FitOptions options{.max_iterations = 200, .remaining_share = 1e-9};
  const FitResult a = fit_columns(cloud.problem, 1e6, options, Progress(), plain);
  const FitResult b = fit_columns(other.problem, 1e6, options, Progress(), scaled);
  EXPECT_TRUE(a.converged && b.converged);
  EXPECT_NEAR(b.value, a.value, 1e-5 * a.value);
  EXPECT_LE(b.iterations, a.iterations + 10);
}

TEST(StrengthSearch, IsTheSameOnOneThreadAndOnMany) {
  const Cloud cloud(90, 150, 4, 0.2, 0, false, 3);
  const RowSpace space(cloud.problem.features, 4, 200);
  std::vector<RowPoint> points;
  for (const size_t threads : {1, 4}) {
    set_threads(threads);
    points.emplace_back();
    choose_strength(space, cloud.problem, std::nullopt, 5, Progress(), points.back());
  }
  set_threads(0);
  EXPECT_EQ(points[0].coefficients, points[1].coefficients);
}

TEST(StrengthSearch, LeavesOutClassesOfOneRow) {
  Cloud cloud(41, 60, 4, 0.3, 0, false, 8);
  for (int32_t& label : cloud.problem.labels) label = label == 3 ? 0 : label;
  cloud.problem.labels.back() = 3;
  const RowSpace space(cloud.problem.features, 4, 200);
  RowPoint point;
  EXPECT_GT(choose_strength(space, cloud.problem, std::nullopt, 5, Progress(), point), 0);
  EXPECT_TRUE(point.coefficients.empty());  // Of other classes than the whole fit's.
}

TEST(StrengthWalk, StopsInTheValleyAndGivesUpOnHopelessNeighboursEarly) {
  std::vector<std::pair<int, size_t>> asked;
  const auto losses = [&](int k, size_t first, std::span<double> out) {
    for (size_t f = 0; f < out.size(); ++f) {
      asked.emplace_back(k, first + f);
      out[f] = 10 + (k - 3) * (k - 3) + 0.01 * static_cast<double>(first + f);
    }
  };
  EXPECT_EQ(walk_strengths(1, -4, 8, 5, losses), 3);
  // 1, 2 and 3 in full; 4 is given up after three folds; 2 is known.
  EXPECT_EQ(asked.size(), 5u + 5 + 5 + 3);
  asked.clear();
  EXPECT_EQ(walk_strengths(20, -4, 2, 5, losses), 2);  // The nearest end.
  EXPECT_EQ(walk_strengths(-9, 4, 8, 3, losses), 4);
}

TEST(StrengthWalk, LooksAtAllFoldsWhereTheFirstOnesDisagree) {
  size_t asked = 0;
  const auto losses = [&](int k, size_t first, std::span<double> out) {
    for (size_t f = 0; f < out.size(); ++f) {
      ++asked;  // The neighbour above wins by its last folds alone.
      out[f] = k == 0 ? 10 : k == 1 ? std::vector<double>{9.5, 10.1, 10.5, 8, 8}[first + f] : 20;
    }
  };
  EXPECT_EQ(walk_strengths(0, -1, 2, 5, losses), 1);
  EXPECT_EQ(asked, 5u + 5 + 3);
}

}  // namespace querist::learners
