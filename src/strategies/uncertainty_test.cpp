// What is the uncertainty strategies' own: which example each of them prefers.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST(Margin, ScoresCandidatesWithGapsLikeNeighbours) {
  constexpr size_t size = 5000;
  Rng rng(3);
  Matrix probabilities(size, 3);
  for (size_t i = 0; i < size; ++i) {
    const auto first = static_cast<float>(rng.uniform());
    const auto rest = static_cast<float>(rng.uniform()) * (1 - first);
    probabilities.at(i, 0) = first;
    probabilities.at(i, 1) = rest;
    probabilities.at(i, 2) = 1 - first - rest;
  }
  std::vector<int64_t> candidates;
  std::vector<std::pair<float, int64_t>> expected;
  for (int64_t i = 0; i < static_cast<int64_t>(size); ++i) {
    if (i >= 2000 && i % 7 == 0) continue;
    candidates.push_back(i);
    auto p = std::vector<float>(probabilities.row(static_cast<size_t>(i)).begin(),
                                probabilities.row(static_cast<size_t>(i)).end());
    std::sort(p.rbegin(), p.rend());
    expected.emplace_back(-(1 - (p[0] - p[1])), i);
  }
  std::sort(expected.begin(), expected.end());
  Pool pool;
  pool.size = size;
  pool.classes = 3;
  pool.candidates = candidates;
  pool.probabilities = probabilities;
  const auto found = select_batch(margin(), pool, 40, Params(margin().params), 0).rows;
  ASSERT_EQ(found.size(), 40u);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], expected[i].second) << i;
}

TEST(TopK, GivesTiesToTheLowerRow) {
  EXPECT_EQ(choose(margin(), rows_of(2, {.5f, .5f, .9f, .1f, .5f, .5f, .5f, .5f}), 2),
            (std::vector<int64_t>{0, 2}));
}

}  // namespace querist::strategies
