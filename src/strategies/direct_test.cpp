// DIRECT against a plain reading of its rule that scans every candidate for every pick, and its
// bisection of a clean order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

class PlainDirect {
 public:
  explicit PlainDirect(const RandomPool& world) : world_(world) {}

  std::vector<int64_t> run(size_t batch) {
    std::vector<size_t> classes;
    for (size_t c = 0; c < world_.classes; ++c) classes.push_back(c);
    std::stable_sort(classes.begin(), classes.end(),
                     [&](size_t a, size_t b) { return count(a) < count(b); });
    for (size_t rank = 0; rank < classes.size(); ++rank) {
      size_t share = batch / classes.size();
      if (rank < batch % classes.size()) ++share;
      visit(classes[rank], share);
    }
    return picks_;
  }

 private:
  long count(size_t c) const {
    return std::count(world_.labels.begin(), world_.labels.end(), static_cast<int32_t>(c));
  }
  // In float32, as the order is defined on the scores that a float32 pool gives.
  float score(int64_t row, size_t c) const {
    const auto p = world_.probabilities.row(static_cast<size_t>(row));
    for (const float other : p) {
      if (other > p[c]) return p[c] - *std::max_element(p.begin(), p.end());
    }
    return p[c];
  }
  bool is_above(int64_t a, int64_t b, size_t c) const {
    return score(a, c) > score(b, c) || (score(a, c) == score(b, c) && a < b);
  }

  void visit(size_t c, size_t share) {
    std::vector<int64_t> order = world_.candidates;
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return is_above(a, b, c); });
    // The risk of a cut before each candidate, and of one behind all. Cuts between labelled rows
    // without a candidate between them are at the same place: the least of their risks counts.
    std::vector<int64_t> merged = order;
    merged.insert(merged.end(), world_.labeled.begin(), world_.labeled.end());
    std::sort(merged.begin(), merged.end(),
              [&](int64_t a, int64_t b) { return is_above(a, b, c); });
    long least = 1 << 30;
    size_t begin = 0, end = 0;
    for (size_t cut = 0; cut <= merged.size(); ++cut) {
      long risk = 0;
      for (size_t i = 0; i < world_.labeled.size(); ++i) {
        const auto at = std::find(merged.begin(), merged.end(), world_.labeled[i]);
        const bool called = static_cast<size_t>(at - merged.begin()) < cut;
        risk += called != (static_cast<size_t>(world_.labels[i]) == c);
      }
      size_t above = 0;
      for (size_t i = 0; i < cut; ++i)
        above += static_cast<size_t>(std::count(order.begin(), order.end(), merged[i]));
      if (risk < least) begin = above;
      if (risk <= least) end = above;
      least = std::min(least, risk);
    }
    const size_t inside = end - begin, first = std::min((share + 1) / 2, inside);
    for (size_t j = 1; j <= first; ++j) {
      const auto t = static_cast<double>(begin + inside * j / (first + 1));
      take(order, [&](double i) { return 1 / (1 + std::abs(i - t)); });
    }
    const auto cut = static_cast<double>(begin + inside / 2);
    for (size_t j = first; j < share; ++j) {
      const bool above_turn = (j - first) % 2 == 0;
      take(order, [&](double i) {
        const double between = i < cut ? cut - 1 - i : i - cut;
        return ((i < cut) == above_turn ? 1 : 0) + 1 / (1 + between);
      });
    }
  }

  template <class Utility>
  void take(const std::vector<int64_t>& order, Utility utility) {
    double best = -1;
    int64_t row = -1;
    for (size_t i = 0; i < order.size(); ++i) {
      if (std::find(picks_.begin(), picks_.end(), order[i]) != picks_.end()) continue;
      const double value = utility(static_cast<double>(i)) / world_.cost(order[i]);
      if (value > best || (value == best && order[i] < row)) {
        best = value;
        row = order[i];
      }
    }
    picks_.push_back(row);
  }

  const RandomPool& world_;
  std::vector<int64_t> picks_;
};

TEST(Direct, FollowsItsRuleForManyShapes) {
  Rng rng(21);
  for (size_t trial = 0; trial < 500; ++trial) {
    const RandomPool world(rng, false);
    const size_t batch = std::min<size_t>(rng.below(20), world.candidates.size());
    const auto found = select_batch(direct(), world.pool(), batch, Params(), 0);
    ASSERT_EQ(found.rows, PlainDirect(world).run(batch)) << trial;
  }
}

TEST(Direct, BisectsACleanOrder) {
  constexpr size_t size = 1000;
  for (const size_t positives : {1, 137, 500, 863, 999}) {
    Matrix probabilities(size, 2);
    for (size_t i = 0; i < size; ++i) {
      probabilities.at(i, 1) = static_cast<float>(i) / size;
      probabilities.at(i, 0) = 1 - probabilities.at(i, 1);
    }
    std::vector<char> is_labeled(size, 0);
    const size_t threshold = size - positives;  // Rows from here on are of class 1.
    // Each label halves the rows in doubt: 2^10 > 1000.
    for (size_t query = 0; query < 10; ++query) {
      std::vector<int64_t> candidates, labeled;
      std::vector<int32_t> labels;
      for (size_t i = 0; i < size; ++i) {
        (is_labeled[i] ? labeled : candidates).push_back(static_cast<int64_t>(i));
        if (is_labeled[i]) labels.push_back(i >= threshold);
      }
      const Pool pool{size, 2, candidates, labeled, labels, probabilities};
      is_labeled[static_cast<size_t>(select_batch(direct(), pool, 1, Params(), 0).rows.at(0))] = 1;
    }
    EXPECT_TRUE(is_labeled[threshold - 1] && is_labeled[threshold]) << positives;
  }
}

}  // namespace querist::strategies
