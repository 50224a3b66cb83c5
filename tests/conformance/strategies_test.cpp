// What every registered strategy must hold to, whatever it chooses by.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/threads.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// A pool with everything any card may ask for.
struct World {
  Matrix probabilities;
  Matrix embeddings;
  std::vector<int64_t> candidates;
  std::vector<int64_t> labeled;
  std::vector<int32_t> labels;
  size_t classes;

  World(size_t size, size_t class_count, size_t labels_wanted, uint64_t seed = 7)
      : probabilities(size, class_count), embeddings(size, 6), classes(class_count) {
    Rng rng(seed);
    for (float& v : embeddings.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (float& p : probabilities.row(i))
        sum += p = static_cast<float>(-std::log(1 - rng.uniform()));
      for (float& p : probabilities.row(i)) p = static_cast<float>(p / sum);
    }
    for (size_t i = 0; i < size; ++i) {
      const bool is_labeled = i % 3 == 0 && labeled.size() < labels_wanted;
      (is_labeled ? labeled : candidates).push_back(static_cast<int64_t>(i));
      if (is_labeled) labels.push_back(static_cast<int32_t>(rng.below(classes)));
    }
  }
  Pool pool() const {
    return {embeddings.rows, classes, candidates, labeled, labels, probabilities, embeddings};
  }
};

class EveryStrategy : public testing::TestWithParam<QueryStrategy> {
 protected:
  Selection choose(const Pool& pool, size_t batch_size, uint64_t seed = 1) {
    return select_batch(GetParam(), pool, batch_size, Params(GetParam().params), seed);
  }
  static void expect_valid(const Selection& selection, const Pool& pool, size_t expected) {
    EXPECT_EQ(selection.rows.size(), expected);
    EXPECT_EQ(selection.utilities.size(), expected);
    EXPECT_EQ(selection.propensities.size(), expected);
    EXPECT_EQ(std::set<int64_t>(selection.rows.begin(), selection.rows.end()).size(), expected);
    for (const int64_t row : selection.rows) {
      EXPECT_TRUE(std::binary_search(pool.candidates.begin(), pool.candidates.end(), row)) << row;
    }
    for (const float p : selection.propensities) EXPECT_TRUE(p > 0 && p <= 1) << p;
    for (const float u : selection.utilities) EXPECT_FALSE(std::isnan(u));
  }
};

TEST_P(EveryStrategy, IsNamedAsItsFile) {
  const std::string file =
      std::string(QUERIST_SOURCE_DIR) + "/src/strategies/" + std::string(GetParam().name) + ".cpp";
  EXPECT_TRUE(std::ifstream(file).good()) << file;
  EXPECT_FALSE(GetParam().summary.empty());
}

TEST_P(EveryStrategy, ChoosesAsManyAsAskedWithoutRepeats) {
  const World world(90, 4, 12);
  for (const size_t batch : {1, 7, 30})
    expect_valid(choose(world.pool(), batch), world.pool(), batch);
}

TEST_P(EveryStrategy, TakesWhatThereIsWhenLessThanABatchIsLeft) {
  const World world(9, 3, 3);
  expect_valid(choose(world.pool(), 50), world.pool(), 6);
}

TEST_P(EveryStrategy, AnswersAnEmptyPoolWithNothing) {
  World world(5, 2, 0);
  world.candidates.clear();
  expect_valid(choose(world.pool(), 3), world.pool(), 0);
}

TEST_P(EveryStrategy, RepeatsItselfForOneSeedOnAnyNumberOfThreads) {
  const World world(200, 3, 20);
  const Selection first = choose(world.pool(), 15, 5);
  set_threads(1);
  const Selection second = choose(world.pool(), 15, 5);
  set_threads(0);
  EXPECT_EQ(first.rows, second.rows);
  EXPECT_EQ(first.utilities, second.utilities);
}

TEST_P(EveryStrategy, WorksWithOneClassAndWithNoLabels) {
  const World one_class(40, 1, 5);
  expect_valid(choose(one_class.pool(), 4), one_class.pool(), 4);
  const World no_labels(40, 3, 0);
  expect_valid(choose(no_labels.pool(), 4), no_labels.pool(), 4);
}

TEST_P(EveryStrategy, WorksBeforeThereIsAModel) {
  const World world(40, 3, 0);
  Pool pool = world.pool();
  pool.probabilities = {};
  expect_valid(choose(pool, 6), pool, 6);
}

TEST_P(EveryStrategy, WorksOnIdenticalExamples) {
  World world(30, 2, 4);
  std::fill(world.embeddings.values.begin(), world.embeddings.values.end(), 0.5f);
  std::fill(world.probabilities.values.begin(), world.probabilities.values.end(), 0.5f);
  expect_valid(choose(world.pool(), 8), world.pool(), 8);
}

TEST_P(EveryStrategy, RefusesNumbersThatAreNotFinite) {
  const auto broken = [&](bool in_probabilities, float value) {
    World world(20, 2, 4);
    (in_probabilities ? world.probabilities : world.embeddings).values[3] = value;
    choose(world.pool(), 2);
  };
  if (has(GetParam().needs, Signal::probabilities)) {
    EXPECT_THROW(broken(true, std::numeric_limits<float>::quiet_NaN()), Error);
  }
  if (has(GetParam().needs, Signal::embeddings)) {
    EXPECT_THROW(broken(false, std::numeric_limits<float>::quiet_NaN()), Error);
    EXPECT_THROW(broken(false, std::numeric_limits<float>::infinity()), Error);
  }
}

TEST_P(EveryStrategy, RefusesRowsThatAreWrong) {
  World world(20, 2, 4);
  world.candidates.push_back(20);
  EXPECT_THROW(choose(world.pool(), 2), Error);
  World overlapping(20, 2, 4);
  overlapping.candidates.insert(overlapping.candidates.begin(), overlapping.labeled[0]);
  std::sort(overlapping.candidates.begin(), overlapping.candidates.end());
  EXPECT_THROW(choose(overlapping.pool(), 2), Error);
}

INSTANTIATE_TEST_SUITE_P(Registered, EveryStrategy, testing::ValuesIn(all()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace querist::strategies
