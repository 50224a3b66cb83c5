// Each stage of a composed strategy against its definition, and the whole against its parts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "strategies/composing/stages.h"
#include "strategies/door/expression.h"

namespace querist::strategies {

// Rows with probabilities, embeddings, prices and groups, all drawn.
struct ComposedPool {
  Matrix probabilities, embeddings;
  std::vector<int64_t> candidates;
  std::vector<float> costs;
  std::vector<int32_t> groups;
  Pool pool;

  ComposedPool(size_t size, uint64_t seed) : probabilities(size, 3), embeddings(size, 4) {
    Rng rng(seed);
    for (float& v : embeddings.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (float& p : probabilities.row(i)) sum += p = static_cast<float>(rng.uniform() + 0.01);
      for (float& p : probabilities.row(i)) p = static_cast<float>(p / sum);
      candidates.push_back(static_cast<int64_t>(i));
      costs.push_back(static_cast<float>(1 + rng.below(9)));
      groups.push_back(static_cast<int32_t>(rng.below(5)));
    }
    pool.size = size;
    pool.classes = 3;
    pool.candidates = candidates;
    pool.probabilities = probabilities;
    pool.embeddings = embeddings;
  }
  Selection choose(const std::string& expression, size_t count, uint64_t seed = 1) const {
    const auto chosen = parse_strategy(expression);
    return select_batch(*chosen.card, pool, count, chosen.params, seed);
  }
};

TEST(Compose, FiltersByOneAndChoosesByAnother) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const ComposedPool world(60, seed);
    auto shortlist = world.choose("margin", 20).rows;
    const auto picks = world.choose("compose(filter=margin, keep=4, choose=entropy)", 5).rows;
    std::sort(shortlist.begin(), shortlist.end());
    const Pool part = with_candidates(world.pool, shortlist, false);
    EXPECT_EQ(picks, select_batch(find("entropy"), part, 5, Params(), 0).rows);
    EXPECT_EQ(world.choose("compose(filter=entropy, choose=)", 7).rows,
              world.choose("entropy", 7).rows);
  }
}

TEST(Compose, SumsWeightedRanks) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const ComposedPool world(30, seed);
    const auto a = world.choose("margin", 30).rows, b = world.choose("entropy", 30).rows;
    std::vector<std::pair<double, int64_t>> expected;
    for (int64_t row = 0; row < 30; ++row) {
      const auto rank = [&](const std::vector<int64_t>& order) {
        return static_cast<double>(std::find(order.begin(), order.end(), row) - order.begin());
      };
      expected.emplace_back(-(2 * (1 - rank(a) / 30) + 0.5 * (1 - rank(b) / 30)), row);
    }
    std::sort(expected.begin(), expected.end());
    const auto found = world.choose("compose(ranks=(margin:2, entropy:0.5), choose=)", 3);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(found.utilities[i], -expected[i].first, 1e-12);
    Rng rng(1);
    const auto sums = rank_sums("margin:2, entropy:0.5", world.pool, rng);
    for (size_t i = 0; i < 30; ++i) EXPECT_NEAR(sums.utilities[i], -expected[i].first, 1e-12) << i;
  }
}

TEST(Compose, SharesABatchEvenlyOverGroupsAndClasses) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ComposedPool world(80, seed);
    world.pool.groups = world.groups;
    std::map<int32_t, size_t> counts;
    for (const int64_t row : world.choose("compose(choose=, quota=group)", 10).rows)
      ++counts[world.groups[static_cast<size_t>(row)]];
    for (const auto& [group, count] : counts) EXPECT_LE(count, 2u) << group;
    EXPECT_EQ(counts.size(), 5u);
    const auto best = world.choose("margin", 1).rows;
    EXPECT_EQ(world.choose("compose(choose=, quota=class)", 6).rows[0], best[0]);
  }
}

TEST(Compose, KeepsToABudgetAndTakesTheBetterOfTwoGreedyBatches) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ComposedPool world(40, seed);
    world.pool.costs = world.costs;
    const auto picks = world.choose("compose(choose=, budget=12)", 10).rows;
    double spent = 0, worth = 0;
    std::map<int64_t, double> value;
    const Pool free = with_candidates(world.pool, world.candidates, false);
    const auto all = select_batch(find("margin"), free, 40, Params(), 0);
    for (size_t i = 0; i < 40; ++i) value[all.rows[i]] = all.utilities[i];
    for (const int64_t row : picks) {
      spent += world.costs[static_cast<size_t>(row)];
      worth += value[row];
    }
    EXPECT_LE(spent, 12);
    double plain = 0, left = 12;
    for (size_t i = 0; i < 10; ++i) {
      left -= world.costs[static_cast<size_t>(all.rows[i])];
      if (left < 0) break;
      plain += all.utilities[i];
    }
    EXPECT_GE(worth, plain - 1e-6);
  }
}

TEST(Compose, DrawsByUtilityWithTheGumbelTrick) {
  // The first of a softmax draw is row i with probability exp(u_i) / sum, for any seed.
  Selection order;
  order.rows = {0, 1, 2};
  order.utilities = {2.0, 1.0, 0.0};
  std::vector<double> first(3, 0);
  Rng rng(7);
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i)
    first[static_cast<size_t>(stochastic_top(order, Chance::softmax, 1, 1, rng).rows[0])] += 1;
  const double total = std::exp(2.0) + std::exp(1.0) + 1;
  for (size_t i = 0; i < 3; ++i) {
    const double p = std::exp(2.0 - static_cast<double>(i)) / total;
    // Five standard deviations of a binomial share.
    EXPECT_NEAR(first[i] / draws, p, 5 * std::sqrt(p * (1 - p) / draws));
  }
}

TEST(Compose, ItsPropensitiesWeighADrawBackToThePopulation) {
  // With 1 / propensity as weight, the sum over the drawn is the population's in the mean.
  Selection order;
  double truth = 0;
  for (int64_t i = 0; i < 30; ++i) {
    order.rows.push_back(i);
    order.utilities.push_back(3 - 0.1 * static_cast<double>(i));
    truth += static_cast<double>(i * i);
  }
  Rng rng(8);
  double sum = 0, squares = 0;
  constexpr int draws = 20'000;
  for (int d = 0; d < draws; ++d) {
    const auto drawn = stochastic_top(order, Chance::softmax, 1, 10, rng);
    double estimate = 0;
    for (size_t i = 0; i < 10; ++i) {
      const auto row = static_cast<double>(drawn.rows[i]);
      estimate += row * row / static_cast<double>(drawn.propensities[i]);
    }
    sum += estimate;
    squares += estimate * estimate;
  }
  const double mean = sum / draws;
  const double deviation = std::sqrt((squares / draws - mean * mean) / draws);
  EXPECT_NEAR(mean, truth, 5 * deviation);
}

TEST(Compose, SaysWhatIsMissingOrWrong) {
  const ComposedPool world(20, 1);
  EXPECT_THROW(world.choose("compose(quota=group)", 3), Error);
  EXPECT_THROW(world.choose("compose(budget=3)", 3), Error);
  EXPECT_THROW(world.choose("compose(filter=magic)", 3), Error);
  EXPECT_THROW(world.choose("compose(ranks=margin:x)", 3), Error);
  EXPECT_THROW(world.choose("compose(choose=compose(filter=none_such))", 3), Error);
}

}  // namespace querist::strategies
