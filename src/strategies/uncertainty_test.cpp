// What is the uncertainty strategies' own: which example each of them prefers.
#include <gtest/gtest.h>

#include "strategies/strategy.h"

namespace querist::strategies {

static std::vector<int64_t> choose(const QueryStrategy& strategy, const Matrix& probabilities,
                                   size_t batch) {
  std::vector<int64_t> candidates;
  for (size_t i = 0; i < probabilities.rows; ++i) candidates.push_back(static_cast<int64_t>(i));
  Pool pool;
  pool.size = probabilities.rows;
  pool.classes = probabilities.cols;
  pool.candidates = candidates;
  pool.probabilities = probabilities;
  return select_batch(strategy, pool, batch, Params(strategy.params), 0).rows;
}

static Matrix rows_of(size_t cols, std::vector<float> values) {
  Matrix m(values.size() / cols, cols);
  m.values = std::move(values);
  return m;
}

TEST(Margin, PrefersTheClosestPair) {
  EXPECT_EQ(choose(margin(), rows_of(3, {.6f, .3f, .1f, .47f, .43f, .1f, .34f, .33f, .33f}), 3),
            (std::vector<int64_t>{2, 1, 0}));
}

TEST(LeastConfidence, PrefersTheLowestTopClass) {
  EXPECT_EQ(choose(least_confidence(),
                   rows_of(3, {.6f, .3f, .1f, .45f, .44f, .11f, .34f, .33f, .33f}), 2),
            (std::vector<int64_t>{2, 1}));
}

TEST(Entropy, PrefersTheWidestSpread) {
  EXPECT_EQ(choose(entropy(), rows_of(3, {.5f, .5f, 0, .6f, .2f, .2f}), 1),
            (std::vector<int64_t>{1}));
}

TEST(TopK, GivesTiesToTheLowerRow) {
  EXPECT_EQ(choose(margin(), rows_of(2, {.5f, .5f, .9f, .1f, .5f, .5f, .5f, .5f}), 2),
            (std::vector<int64_t>{0, 2}));
}

}  // namespace querist::strategies
