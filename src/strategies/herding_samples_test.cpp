// What a herding strategy samples from a larger pool: as many targets as the batch needs, and
// candidates that are none of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "strategies/herding/herding.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Rows without labels, all of them candidates.
struct OpenWorld {
  Matrix x;
  std::vector<int64_t> candidates;

  OpenWorld(size_t rows, size_t cols) : x(rows, cols), candidates(rows) {
    Rng rng(rows);
    for (float& v : x.values) v = static_cast<float>(rng.normal());
    std::iota(candidates.begin(), candidates.end(), 0);
  }
  std::vector<int64_t> herd(size_t batch,
                            const std::vector<std::pair<std::string, double>>& given) const {
    Pool pool;
    pool.size = x.rows;
    pool.candidates = candidates;
    pool.embeddings = x;
    Params params(max_herding().params);
    params.set("gamma", 0.5);
    for (const auto& [name, value] : given) params.set(name, value);
    return select_batch(max_herding(), pool, batch, params, 1).rows;
  }
};

static size_t picked_targets(std::span<const int64_t> picks, size_t rows, size_t targets) {
  const auto sample = fixed_sample(rows, targets, 2);
  return static_cast<size_t>(std::ranges::count_if(
      picks, [&](int64_t row) { return std::binary_search(sample.begin(), sample.end(), row); }));
}

TEST(HerdingSamples, NoPickIsOneOfFewTargets) {
  const OpenWorld world(2000, 40);  // So far apart that a target's best cover is itself.
  EXPECT_EQ(picked_targets(world.herd(50, {{"max_targets", 100}}), 2000, 100), 0u);
}

TEST(HerdingSamples, ATargetMayBePickedWhereTheTargetsAreMuchOfThePool) {
  const OpenWorld world(2000, 40);
  EXPECT_GT(picked_targets(world.herd(50, {{"max_targets", 101}}), 2000, 101), 0u);
}

TEST(HerdingSamples, ATargetMayBePickedWhereTooFewOthersAreLeft) {
  OpenWorld world(2000, 3);
  world.candidates = fixed_sample(2000, 100, 2);
  EXPECT_EQ(world.herd(60, {{"max_targets", 100}}).size(), 60u);
}

TEST(HerdingSamples, LargeBatchesHaveTenTargetsAPick) {
  const OpenWorld world(12'000, 3);
  const auto picks = world.herd(400, {});
  EXPECT_EQ(picks, world.herd(400, {{"max_targets", 4000}}));
  EXPECT_NE(picks, world.herd(400, {{"max_targets", 3000}}));
  EXPECT_EQ(world.herd(300, {}), world.herd(300, {{"max_targets", 3000}}));
}

}  // namespace querist::strategies
