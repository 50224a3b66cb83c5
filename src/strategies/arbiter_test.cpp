// Each arm gets its share of the places, and picks what it would pick by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "strategies/door/expression.h"
#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

static Selection choose(const std::string& expression, const Pool& pool, size_t count,
                        uint64_t seed) {
  const auto chosen = parse_strategy(expression);
  return select_batch(*chosen.card, pool, count, chosen.params, seed);
}

TEST(Arbiter, GivesEveryArmItsShareOfPlaces) {
  Matrix x(400, 3), p(400, 2);
  Rng rng(1);
  std::vector<int64_t> candidates;
  for (size_t i = 0; i < 400; ++i) {
    for (float& v : x.row(i)) v = static_cast<float>(rng.normal());
    p.at(i, 0) = static_cast<float>(rng.uniform());
    p.at(i, 1) = 1 - p.at(i, 0);
    candidates.push_back(static_cast<int64_t>(i));
  }
  const Pool pool{400, 2, candidates, {}, {}, p, x};
  std::vector<double> places(3, 0);
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const auto batch =
        choose("arbiter(portfolio=(margin:3, random:1, k_center:0.5))", pool, 5, seed);
    ASSERT_EQ(batch.arms.size(), 5u);
    std::vector<int> own(3, 0);
    for (const int32_t arm : batch.arms) ++own[static_cast<size_t>(arm)];
    EXPECT_TRUE(own[0] == 3 || own[0] == 4) << own[0];  // 3.33: rounded down or up.
    EXPECT_LE(own[2], 1);                               // 0.56.
    for (size_t k = 0; k < 3; ++k) places[k] += own[k] / 400.0;
  }
  // Systematic draws vary by less than 0.5 each: 400 of them by 0.025, four times that is 0.1.
  EXPECT_NEAR(places[0], 5 * 3 / 4.5, 0.1);
  EXPECT_NEAR(places[1], 5 * 1 / 4.5, 0.1);
  EXPECT_NEAR(places[2], 5 * 0.5 / 4.5, 0.1);
}

TEST(Arbiter, LetsEachArmPickFromWhatIsLeft) {
  Rng rng(2);
  for (int round = 0; round < 200; ++round) {
    const RandomPool world(rng, false);
    const Pool pool = world.pool();
    const size_t count = 1 + rng.below(8);
    const auto batch = choose("arbiter(portfolio=(margin, entropy))", pool, count, 3);
    EXPECT_EQ(batch.rows.size(), std::min(count, pool.candidates.size()));
    EXPECT_EQ(std::set<int64_t>(batch.rows.begin(), batch.rows.end()).size(), batch.rows.size());
    std::vector<int64_t> of_first, left(pool.candidates.begin(), pool.candidates.end());
    for (size_t i = 0; i < batch.rows.size(); ++i) {
      if (batch.arms[i] == 0) of_first.push_back(batch.rows[i]);
    }
    EXPECT_EQ(of_first, choose("margin", pool, of_first.size(), 3).rows);
    std::erase_if(left, [&](int64_t row) {
      return std::find(of_first.begin(), of_first.end(), row) != of_first.end();
    });
    Pool rest = pool;
    rest.candidates = left;
    std::vector<int64_t> of_second;
    for (size_t i = 0; i < batch.rows.size(); ++i) {
      if (batch.arms[i] == 1) of_second.push_back(batch.rows[i]);
    }
    EXPECT_EQ(of_second, choose("entropy", rest, of_second.size(), 3).rows);
  }
}

TEST(Arbiter, RefusesAPortfolioThatIsNone) {
  Rng rng(3);
  RandomPool world(rng, false);
  while (world.candidates.empty()) world = RandomPool(rng, false);
  const Pool pool = world.pool();
  for (const char* list :
       {"margin:-1, entropy", "margin:0", "no_such_strategy", "margin:nan", ""}) {
    EXPECT_THROW(choose(fmt::format("arbiter(portfolio=({}))", list), pool, 2, 1), Error) << list;
  }
}

}  // namespace querist::strategies
