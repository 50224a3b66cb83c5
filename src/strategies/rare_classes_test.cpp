// Balanced margin and certainty against plain readings of their rules.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

static size_t predicted(const RandomPool& world, int64_t row) {
  const auto p = world.probabilities.row(static_cast<size_t>(row));
  return static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

static double uncertainty(const RandomPool& world, int64_t row) {
  const auto p = world.probabilities.row(static_cast<size_t>(row));
  std::vector<float> sorted(p.begin(), p.end());
  sorted.push_back(0);
  std::sort(sorted.rbegin(), sorted.rend());
  return 1 - static_cast<double>(sorted[0] - sorted[1]);  // The margin is a float32.
}

static std::vector<int64_t> plain_balanced(const RandomPool& world, size_t batch) {
  std::vector<size_t> known(world.classes, 0);
  for (const int32_t label : world.labels) ++known[static_cast<size_t>(label)];
  std::vector<int64_t> left = world.candidates, picks;
  while (picks.size() < batch) {
    size_t poorest = world.classes;
    for (const int64_t row : left) {
      const size_t c = predicted(world, row);
      if (poorest == world.classes || known[c] < known[poorest] ||
          (known[c] == known[poorest] && c < poorest))
        poorest = c;
    }
    int64_t best = -1;
    double most = -1;
    for (const int64_t row : left) {
      const double utility = uncertainty(world, row) / world.cost(row);
      if (predicted(world, row) == poorest && utility > most) {
        most = utility;
        best = row;
      }
    }
    picks.push_back(best);
    std::erase(left, best);
    ++known[poorest];
  }
  return picks;
}

TEST(Balanced, FollowsItsRuleForManyShapes) {
  Rng rng(22);
  for (size_t trial = 0; trial < 500; ++trial) {
    const RandomPool world(rng, false);
    const size_t batch = std::min<size_t>(rng.below(20), world.candidates.size());
    const auto found = select_batch(balanced(), world.pool(), batch, Params(), 0);
    ASSERT_EQ(found.rows, plain_balanced(world, batch)) << trial;
  }
}

TEST(Certainty, RanksByThePositiveClassPerCost) {
  Rng rng(23);
  for (size_t trial = 0; trial < 300; ++trial) {
    const RandomPool world(rng, false);
    Params params(certainty().params);
    size_t positive = world.classes - 1;
    if (trial % 2) {
      positive = rng.below(world.classes);
      params.set("positive_class", static_cast<int64_t>(positive));
    }
    const size_t batch = std::min<size_t>(7, world.candidates.size());
    auto expected = world.candidates;
    const auto value = [&](int64_t row) {  // float32 division, as the scores are float32.
      return static_cast<float>(world.p(row, positive)) / static_cast<float>(world.cost(row));
    };
    std::stable_sort(expected.begin(), expected.end(),
                     [&](int64_t a, int64_t b) { return value(a) > value(b); });
    expected.resize(batch);
    ASSERT_EQ(select_batch(certainty(), world.pool(), batch, params, 0).rows, expected) << trial;
  }
}

TEST(Certainty, RefusesAClassThatThereIsNot) {
  Rng rng(1);
  RandomPool world(rng, false);
  while (world.candidates.empty()) world = RandomPool(rng, false);
  Params params(certainty().params);
  params.set("positive_class", static_cast<int64_t>(world.classes));
  EXPECT_THROW(select_batch(certainty(), world.pool(), 1, params, 0), Error);
}

}  // namespace querist::strategies
