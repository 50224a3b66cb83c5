// The strategies that cover or weigh by density, each against its definition in double precision
// over all pairs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "strategies/strategy.h"

namespace querist::strategies {

// A small pool of labelled rows, candidates and, now and then, rows that are neither.
struct CoverageWorld {
  Matrix x, p;
  std::vector<int64_t> candidates, labeled;
  std::vector<float> costs;

  CoverageWorld() = default;
  explicit CoverageWorld(Rng& rng) : x(2 + rng.below(80), 1 + rng.below(7)), p(x.rows, 4) {
    const bool is_lattice = rng.below(3) == 0;
    for (float& v : x.values)
      v = is_lattice ? static_cast<float>(rng.below(3)) : static_cast<float>(rng.normal());
    for (size_t i = 0; i < x.rows; ++i) {
      float sum = 0;
      for (float& v : p.row(i)) sum += v = 0.01f + static_cast<float>(rng.uniform());
      for (float& v : p.row(i)) v /= sum;
      const auto where = rng.below(8);
      if (where > 1 || i == 0) candidates.push_back(static_cast<int64_t>(i));
      if (where == 1 && i > 0) labeled.push_back(static_cast<int64_t>(i));
    }
    if (rng.below(3) > 0) return;
    for (size_t i = 0; i < x.rows; ++i) costs.push_back(0.5f + static_cast<float>(rng.uniform()));
  }

  Pool pool() const {
    Pool pool;
    pool.size = x.rows;
    pool.classes = 4;
    pool.candidates = candidates;
    pool.labeled = labeled;
    pool.probabilities = p;
    pool.embeddings = x;
    pool.costs = costs;
    return pool;
  }
  double cost(int64_t row) const {
    return costs.empty() ? 1 : double{costs[static_cast<size_t>(row)]};
  }
  double squared(int64_t a, int64_t b) const {
    double sum = 0;
    for (size_t j = 0; j < x.cols; ++j)
      sum += std::pow(
          double{x.row(static_cast<size_t>(a))[j]} - double{x.row(static_cast<size_t>(b))[j]}, 2);
    return sum;
  }
  // 0 where one of the rows is all zeros.
  double cosine(int64_t a, int64_t b) const {
    double dot = 0, aa = 0, bb = 0;
    for (size_t j = 0; j < x.cols; ++j) {
      const double u = x.row(static_cast<size_t>(a))[j], v = x.row(static_cast<size_t>(b))[j];
      dot += u * v, aa += u * u, bb += v * v;
    }
    return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
  }
  std::vector<int64_t> unlabeled() const {
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < static_cast<int64_t>(x.rows); ++i) {
      if (!std::ranges::binary_search(labeled, i)) rows.push_back(i);
    }
    return rows;
  }
  // One less the two largest probabilities apart; entropy; one less the largest.
  double uncertainty(int64_t row, const std::string& measure) const {
    const auto own = p.row(static_cast<size_t>(row));
    std::vector<double> sorted(own.begin(), own.end());
    std::ranges::sort(sorted, std::greater());
    if (measure == "margin") return 1 - (sorted[0] - sorted[1]);
    if (measure == "least_confidence") return 1 - sorted[0];
    double sum = 0;
    for (const double v : sorted) sum -= v * std::log(v);
    return sum;
  }
};

using PairSimilarity = std::function<double(int64_t target, int64_t row)>;

// Follows the picks: each must add as much as the best candidate would, and say how much that is.
// exact: gains are whole numbers, so that ties are seen, and the lowest row must win. Otherwise
// float32 errs by some 1e-6 of each similarity, and more where long rows lie close together.
static void expect_greedy_cover(const CoverageWorld& world, const Selection& found, size_t batch,
                                const std::vector<int64_t>& targets,
                                const std::vector<double>& weights, const PairSimilarity& alike,
                                bool exact = false) {
  ASSERT_EQ(found.rows.size(), std::min(batch, world.candidates.size()));
  std::vector<double> best(targets.size(), 0);
  const auto raise = [&](int64_t row) {
    for (size_t t = 0; t < best.size(); ++t) best[t] = std::max(best[t], alike(targets[t], row));
  };
  for (const int64_t row : world.labeled) raise(row);
  auto left = world.candidates;
  const double tolerance = exact ? 1e-12 : 1e-5 * static_cast<double>(targets.size());
  for (size_t pick = 0; pick < found.rows.size(); ++pick) {
    std::vector<double> gains;
    for (const int64_t row : left) {
      double gain = 0;
      for (size_t t = 0; t < best.size(); ++t)
        gain += weights[t] * std::max(0.0, alike(targets[t], row) - best[t]);
      gains.push_back(gain / world.cost(row));
    }
    const auto place = std::ranges::find(left, found.rows[pick]);
    ASSERT_NE(place, left.end());
    const auto top = std::ranges::max_element(gains);
    const double own = gains[static_cast<size_t>(place - left.begin())];
    EXPECT_GE(own, *top - tolerance) << pick;
    EXPECT_NEAR(found.utilities[pick], own, tolerance) << pick;
    if (exact) {
      EXPECT_EQ(found.rows[pick], left[static_cast<size_t>(top - gains.begin())]) << pick;
    }
    raise(found.rows[pick]);
    left.erase(place);
  }
}

static std::vector<double> all_ones(const std::vector<int64_t>& rows) {
  return std::vector<double>(rows.size(), 1);
}

TEST(MaxHerding, IsGreedyCoverageOfTheCandidates) {
  Rng rng(1);
  for (int trial = 0; trial < 200; ++trial) {
    const CoverageWorld world(rng);
    const double gamma = 0.05 + rng.uniform();
    Params params(max_herding().params);
    params.set("gamma", gamma);
    params.set("max_targets", 0);
    params.set("max_candidates", 0);
    const size_t batch = 1 + rng.below(20);
    const auto found = select_batch(max_herding(), world.pool(), batch, params, 1);
    expect_greedy_cover(
        world, found, batch, world.candidates, all_ones(world.candidates),
        [&](int64_t a, int64_t b) { return std::exp(-gamma * world.squared(a, b)); });
    if (HasFailure()) FAIL() << trial;
  }
}

// 1 / gamma is the square of the smallest positive distance between two labelled rows.
static double closest_labels_squared(const CoverageWorld& world) {
  double least = 0;
  for (const int64_t a : world.labeled) {
    for (const int64_t b : world.labeled) {
      const double squared = world.squared(a, b);
      if (squared > 0 && (least == 0 || squared < least)) least = squared;
    }
  }
  return least;
}

TEST(UHerding, WeighsByMarginAndIsAsWideAsTheClosestLabelsAreApart) {
  Rng rng(2);
  size_t ruled = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const CoverageWorld world(rng);
    Params params(uherding().params);
    params.set("max_targets", 0);
    params.set("max_candidates", 0);
    double gamma = 0.05 + rng.uniform();
    if (const double closest = closest_labels_squared(world); closest > 0.01) {
      gamma = 1 / closest;
      ++ruled;
    } else {
      params.set("gamma", gamma);
    }
    std::vector<double> weights;
    for (const int64_t row : world.candidates) weights.push_back(world.uncertainty(row, "margin"));
    const size_t batch = 1 + rng.below(20);
    const auto found = select_batch(uherding(), world.pool(), batch, params, 1);
    expect_greedy_cover(world, found, batch, world.candidates, weights, [&](int64_t a, int64_t b) {
      return std::exp(-gamma * world.squared(a, b));
    });
    if (HasFailure()) FAIL() << trial;
  }
  EXPECT_GT(ruled, 200u);
}

// Labels 0, 0, 1, 1 on a line: the width is 1 although every label lies on another.
TEST(UHerding, SeesPastDoubledLabels) {
  CoverageWorld world;
  world.x = Matrix(12, 1);
  world.x.values = {0, 0, 1, 1, 0.2f, 0.5f, 1.4f, 1.9f, 2.3f, 2.4f, 3.1f, 3.3f};
  world.p = Matrix(12, 4);
  for (size_t i = 0; i < 12; ++i) world.p.row(i)[i % 4] = world.p.row(i)[(i + 1) % 4] = 0.5f;
  world.labeled = {0, 1, 2, 3};
  world.candidates = {4, 5, 6, 7, 8, 9, 10, 11};
  const auto found = select_batch(uherding(), world.pool(), 5, Params(uherding().params), 1);
  expect_greedy_cover(world, found, 5, world.candidates, all_ones(world.candidates),
                      [&](int64_t a, int64_t b) { return std::exp(-world.squared(a, b)); });
}

TEST(ProbCover, CountsUncoveredRowsOfClosedBalls) {
  Rng rng(3);
  for (int trial = 0; trial < 300; ++trial) {
    CoverageWorld world(rng);
    world.costs.clear();
    // On the lattice 1, 2 and 3 are distances between rows: the ball's edge belongs to it.
    const double delta = rng.below(2) ? 1.0 + static_cast<double>(rng.below(3)) : 2 * rng.uniform();
    Params params(prob_cover().params);
    params.set("delta", std::max(0.01, delta));
    const auto radius = static_cast<float>(params.number("delta"));
    const auto targets = world.unlabeled();
    const size_t batch = 1 + rng.below(30);
    const auto found = select_batch(prob_cover(), world.pool(), batch, params, 1);
    expect_greedy_cover(
        world, found, batch, targets, all_ones(targets),
        [&](int64_t a, int64_t b) {
          return world.squared(a, b) <= double{radius} * double{radius} ? 1.0 : 0.0;
        },
        true);
    if (HasFailure()) FAIL() << trial;
  }
}

TEST(FacilityLocation, IsGreedyForBothKernels) {
  Rng rng(4);
  for (int trial = 0; trial < 300; ++trial) {
    const CoverageWorld world(rng);
    const auto targets = world.unlabeled();
    Params params(facility_location().params);
    const size_t batch = 1 + rng.below(20);
    if (trial % 2) {
      const auto found = select_batch(facility_location(), world.pool(), batch, params, 1);
      expect_greedy_cover(world, found, batch, targets, all_ones(targets),
                          [&](int64_t a, int64_t b) { return (1 + world.cosine(a, b)) / 2; });
    } else {
      params.set("kernel", "negative_distance");
      double longest = 0;
      for (size_t i = 0; i < world.x.rows; ++i) {
        double sum = 0;
        for (const float v : world.x.row(i)) sum += double{v} * double{v};
        longest = std::max(longest, sum);
      }
      const double offset = 2.001 * std::sqrt(longest);
      const auto found = select_batch(facility_location(), world.pool(), batch, params, 1);
      expect_greedy_cover(world, found, batch, targets, all_ones(targets),
                          [&](int64_t a, int64_t b) {
                            return std::max(0.0, offset - std::sqrt(world.squared(a, b)));
                          });
    }
    if (HasFailure()) FAIL() << trial;
  }
}

// Each pick has the largest utility per cost of those left, within float32's rounding.
static void expect_largest(const CoverageWorld& world, const Selection& found, size_t batch,
                           const std::function<double(int64_t)>& utility) {
  ASSERT_EQ(found.rows.size(), std::min(batch, world.candidates.size()));
  auto left = world.candidates;
  for (size_t pick = 0; pick < found.rows.size(); ++pick) {
    double top = -1;
    for (const int64_t row : left) top = std::max(top, utility(row) / world.cost(row));
    const double own = utility(found.rows[pick]) / world.cost(found.rows[pick]);
    EXPECT_NEAR(found.utilities[pick], own, 1e-5 * (1 + own)) << pick;
    EXPECT_GE(own, top - 2e-5 * (1 + top)) << pick;
    ASSERT_EQ(std::erase(left, found.rows[pick]), 1u);
  }
}

TEST(InformationDensity, IsTheMeanOverAllRows) {
  Rng rng(5);
  for (int trial = 0; trial < 200; ++trial) {
    const CoverageWorld world(rng);
    const size_t batch = 1 + rng.below(20);
    const auto found = select_batch(information_density(), world.pool(), batch,
                                    Params(information_density().params), 1);
    expect_largest(world, found, batch, [&](int64_t row) {
      double sum = 0;
      for (int64_t i = 0; i < static_cast<int64_t>(world.x.rows); ++i)
        sum += 1 / (1 + std::sqrt(world.squared(row, i)));
      return sum / static_cast<double>(world.x.rows);
    });
    if (HasFailure()) FAIL() << trial;
  }
}

TEST(DensityWeighted, IsUncertaintyTimesAPowerOfDensity) {
  Rng rng(6);
  for (int trial = 0; trial < 300; ++trial) {
    const CoverageWorld world(rng);
    const std::string measure =
        std::array{"least_confidence", "margin", "entropy"}[static_cast<size_t>(trial) % 3];
    const bool is_cosine = trial % 2 == 0;
    const double beta = std::array{0.0, 1.0, 2.0, 1.5}[rng.below(4)];
    Params params(density_weighted().params);
    params.set("measure", measure);
    params.set("similarity", is_cosine ? "cosine" : "euclidean");
    params.set("beta", beta);
    const size_t batch = 1 + rng.below(20);
    const auto found = select_batch(density_weighted(), world.pool(), batch, params, 1);
    expect_largest(world, found, batch, [&](int64_t row) {
      double sum = 0;
      for (const int64_t other : world.candidates)
        sum +=
            is_cosine ? world.cosine(row, other) : 1 / (1 + std::sqrt(world.squared(row, other)));
      const double density = std::max(0.0, sum / static_cast<double>(world.candidates.size()));
      return std::pow(density, beta) * world.uncertainty(row, measure);
    });
    if (HasFailure()) FAIL() << trial;
  }
}

TEST(CoverageStrategies, AnswerHalvesAsTheyAnswerTheWidenedRows) {
  Rng rng(7);
  for (int trial = 0; trial < 60; ++trial) {
    CoverageWorld world(rng);
    std::vector<uint16_t> bits;
    for (float& v : world.x.values) {
      bits.push_back(float_to_half(v));
      v = half_to_float(bits.back());
    }
    const Pool wide = world.pool();
    Pool half = wide;
    half.embeddings = Features::of_half(world.x.rows, world.x.cols, bits.data());
    for (const QueryStrategy& strategy :
         {max_herding(), uherding(), prob_cover(), facility_location(), density_weighted(),
          information_density()}) {
      const Params params(strategy.params);
      const auto expected = select_batch(strategy, wide, 9, params, 1);
      const auto found = select_batch(strategy, half, 9, params, 1);
      EXPECT_EQ(found.rows, expected.rows) << strategy.name << trial;
      EXPECT_EQ(found.utilities, expected.utilities) << strategy.name << trial;
    }
  }
}

}  // namespace querist::strategies
