// ranked_batch, gsx, gsy and igs against scikit-activeml 1.0.1 and modAL 0.4.2 on small numbers,
// and against their definitions written out in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/rng.h"
#include "strategies/strategy.h"

namespace querist::strategies {

struct DistancePool {
  Matrix embeddings, probabilities;
  std::vector<uint16_t> half;
  std::vector<float> predictions, targets, costs;
  std::vector<int64_t> candidates, labeled;

  Pool pool() const {
    Pool pool;
    pool.size = embeddings.rows;
    pool.classes = probabilities.cols;
    pool.candidates = candidates;
    pool.labeled = labeled;
    pool.probabilities = probabilities;
    pool.embeddings = half.empty()
                          ? Features(embeddings)
                          : Features::of_half(embeddings.rows, embeddings.cols, half.data());
    pool.predictions = predictions;
    pool.targets = targets;
    pool.costs = costs;
    return pool;
  }
  double distance(int64_t a, int64_t b) const {
    double sum = 0;
    for (size_t j = 0; j < embeddings.cols; ++j)
      sum += std::pow(double{embeddings.at(static_cast<size_t>(a), j)} -
                          double{embeddings.at(static_cast<size_t>(b), j)},
                      2);
    return std::sqrt(sum);
  }
};

static Selection run(std::string_view name, const Pool& pool, size_t count) {
  Params params(find(name).params);
  return select_batch(find(name), pool, count, params, 1);
}

// Eighths from a linear congruential generator, as the peers were given them.
static std::vector<float> eighths(size_t count, uint64_t state) {
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) {
    state = (state * 1103515245 + 12345) % (uint64_t{1} << 31);
    values.push_back(static_cast<float>((state >> 16) % 97) / 8);
  }
  return values;
}

static DistancePool golden_pool(std::vector<int64_t> labeled) {
  DistancePool given;
  given.embeddings = Matrix(16, 3);
  given.embeddings.values = eighths(48, 1);
  given.probabilities = Matrix(16, 3);
  given.probabilities.values = eighths(48, 2);
  for (size_t i = 0; i < 16; ++i) {
    const auto row = given.probabilities.row(i);
    const float sum = row[0] + row[1] + row[2] + 3;
    for (float& p : row) p = (p + 1) / sum;
  }
  given.predictions = eighths(16, 3);
  const auto y = eighths(16, 4);
  for (const int64_t row : labeled) given.targets.push_back(y[static_cast<size_t>(row)]);
  for (int64_t row = 0; row < 16; ++row) {
    if (!std::ranges::binary_search(labeled, row)) given.candidates.push_back(row);
  }
  given.labeled = std::move(labeled);
  return given;
}

// The distances are sums of few exact squares: what differs is the root, in float here.
static void expect_golden(std::string_view name, const DistancePool& given,
                          const std::vector<int64_t>& rows, const std::vector<double>& utilities) {
  const auto found = run(name, given.pool(), rows.size());
  EXPECT_EQ(found.rows, rows) << name;
  for (size_t i = 0; i < utilities.size(); ++i)
    EXPECT_NEAR(found.utilities[i], utilities[i], 2e-6 * (1 + std::abs(utilities[i]))) << name;
}

TEST(GreedySampling, AgreesWithThePeersWithLabels) {
  const auto given = golden_pool({0, 5, 9});
  expect_golden("gsx", given, {3, 6, 14, 11, 8, 12, 1, 7},
                {7.130480348475831, 6.701212576840105, 5.518435013661029, 5.350233639758174,
                 5.3297514013319605, 4.645226044015511, 4.25, 3.40266439720405});
  // The last three are equal; scikit-activeml takes them at random.
  expect_golden("gsy", given, {6, 11, 4, 8, 13, 1, 2, 15},
                {2.375, 2.125, 1.625, 1.375, 0.875, 0.625, 0.625, 0.625});
  expect_golden("igs", given, {15, 8, 11, 1, 2, 6, 3, 13},
                {19.001053630325345, 12.043520528431461, 11.36924648448612, 6.90600254081549,
                 6.246092528533339, 5.980008197893628, 3.5652401742379154, 3.4886114940259545});
  expect_golden("ranked_batch", given, {6, 3, 8, 1, 10, 11, 13, 2}, {});
}

TEST(GreedySampling, AgreesWithThePeersWithoutLabels) {
  const auto given = golden_pool({});
  expect_golden("gsx", given, {0, 8, 14, 6, 3, 11, 9, 5},
                {-84.98662540489099, 8.476069254082343, 7.875, 6.701212576840105, 6.067330549755798,
                 5.350233639758174, 5.3297514013319605, 5.006246098625197});
  expect_golden("gsy", given, {0, 6, 8, 3, 7, 5, 4, 9},
                {-84.98662540489099, 11.375, 5.375, 2.75, 2.625, 1.375, 1.125, 0.625});
  expect_golden("igs", given, {0, 10, 1, 8, 3, 9, 15, 2},
                {-84.98662540489099, 94.40746027029591, 35.59375, 28.62035135561319,
                 16.685159011828446, 12.109122981248477, 5.615964966058816, 5.445575899296602});
  expect_golden("ranked_batch", given, {0, 8, 14, 6, 9, 3, 1, 5}, {});
}

static DistancePool random_pool(uint64_t seed) {
  Rng rng(seed);
  DistancePool given;
  const size_t n = 2 + rng.below(120), cols = 1 + rng.below(20), classes = 1 + rng.below(5);
  given.embeddings = Matrix(n, cols);
  given.probabilities = Matrix(n, classes);
  // Few digits, so that halves hold them and duplicates are there.
  for (float& v : given.embeddings.values) v = static_cast<float>(rng.below(64)) / 16;
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (float& p : given.probabilities.row(i)) sum += p = static_cast<float>(0.1 + rng.uniform());
    for (float& p : given.probabilities.row(i)) p = static_cast<float>(p / sum);
    if (i > 0 && rng.below(6) == 0)
      std::ranges::copy(given.embeddings.row(rng.below(i)), given.embeddings.row(i).begin());
    given.predictions.push_back(static_cast<float>(rng.normal()) * 100);
    const bool known = seed % 3 != 0 && rng.below(4) == 0;
    (known ? given.labeled : given.candidates).push_back(static_cast<int64_t>(i));
    if (known) given.targets.push_back(static_cast<float>(rng.normal()) * 100);
    if (seed % 5 == 0) given.costs.push_back(static_cast<float>(1 + rng.below(3)));
  }
  if (seed % 2) {
    for (const float v : given.embeddings.values) given.half.push_back(float_to_half(v));
  }
  return given;
}

// What a candidate is worth by the definition, given what was picked before it.
static double worth(std::string_view name, const DistancePool& given, int64_t row,
                    const std::vector<int64_t>& picked) {
  double least = std::numeric_limits<double>::infinity();
  const double value = double{given.predictions[static_cast<size_t>(row)]};
  const auto meet = [&](int64_t other, double target) {
    const double far = given.distance(row, other), gap = std::abs(value - target);
    least = std::min(least, name == "igs" ? far * gap : name == "gsy" ? gap : far);
  };
  for (size_t i = 0; i < given.labeled.size(); ++i)
    meet(given.labeled[i], double{given.targets[i]});
  for (const int64_t other : picked)
    meet(other, double{given.predictions[static_cast<size_t>(other)]});
  if (name != "ranked_batch") return least;
  const auto known = static_cast<double>(given.labeled.size() + picked.size());
  const auto left = static_cast<double>(given.candidates.size() - picked.size());
  const double alpha = left / (left + known);
  const auto p = given.probabilities.row(static_cast<size_t>(row));
  return alpha * (1 - 1 / (1 + least)) + (1 - alpha) * (1 - double{*std::ranges::max_element(p)});
}

// Follows the picks: each must be the best by the definition, but for what float squares lose.
TEST(GreedySampling, EveryPickIsTheBestByTheDefinition) {
  for (const std::string_view name : {"gsx", "gsy", "igs", "ranked_batch"}) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      const auto given = random_pool(seed);
      const auto found = run(name, given.pool(), 30);
      ASSERT_EQ(found.rows.size(), std::min<size_t>(30, given.candidates.size()));
      std::vector<int64_t> picked;
      for (size_t k = 0; k < found.rows.size(); ++k) {
        const auto cost = [&](int64_t row) {
          return given.costs.empty() ? 1 : double{given.costs[static_cast<size_t>(row)]};
        };
        if (k > 0 || !given.labeled.empty()) {
          double best = -1;
          for (const int64_t row : given.candidates) {
            if (!std::ranges::count(picked, row))
              best = std::max(best, worth(name, given, row, picked) / cost(row));
          }
          const double own = worth(name, given, found.rows[k], picked);
          ASSERT_NEAR(own / cost(found.rows[k]), best, 2e-6 * (1 + best)) << name << seed;
          const double told = name == "ranked_batch" ? own / cost(found.rows[k]) : own;
          ASSERT_NEAR(found.utilities[k], told, 2e-6 * (1 + told)) << name << seed;
        }
        picked.push_back(found.rows[k]);
      }
    }
  }
}

TEST(GreedySampling, StartsFromTheMostCentralExample) {
  for (uint64_t seed = 0; seed < 300; seed += 3) {
    auto given = random_pool(seed);
    given.costs.clear();
    for (const bool has_embeddings : {true, false}) {
      Pool pool = given.pool();
      if (!has_embeddings) pool.embeddings = {};
      const auto found = run("gsy", pool, 1);
      double best = std::numeric_limits<double>::infinity(), own = 0;
      for (const int64_t row : given.candidates) {
        double sum = 0;
        for (size_t other = 0; other < pool.size; ++other) {
          sum += has_embeddings ? given.distance(row, static_cast<int64_t>(other))
                                : std::abs(double{given.predictions[static_cast<size_t>(row)]} -
                                           double{given.predictions[other]});
        }
        best = std::min(best, sum);
        if (row == found.rows[0]) own = sum;
      }
      ASSERT_NEAR(own, best, 1e-5 * (1 + best)) << seed;
      ASSERT_NEAR(found.utilities[0], -best, 1e-5 * (1 + best)) << seed;
    }
  }
}

TEST(GreedySampling, LargeTargetsDoNotOverflow) {
  auto given = golden_pool({0, 5, 9});
  const auto expected = run("igs", given.pool(), 8);
  for (float& value : given.predictions) value = std::ldexp(value, 40);
  for (float& value : given.targets) value = std::ldexp(value, 40);
  const auto found = run("igs", given.pool(), 8);
  EXPECT_EQ(found.rows, expected.rows);
  for (size_t i = 0; i < 8; ++i)
    EXPECT_EQ(found.utilities[i], std::ldexp(expected.utilities[i], 40));
}

}  // namespace querist::strategies
