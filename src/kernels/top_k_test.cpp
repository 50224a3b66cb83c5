// The one-pass selection against a full stable sort.
#include "kernels/top_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "base/threads.h"

namespace querist::kernels {

template <class Value>
static std::vector<size_t> sorted_top(const std::vector<Value>& values, size_t k) {
  std::vector<size_t> order;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  order.resize(std::min(k, order.size()));
  return order;
}

TEST(TopK, EqualsAStableSortWithTiesNaNAndInfinities) {
  Rng rng(1);
  for (int round = 0; round < 400; ++round) {
    const size_t n = rng.below(round % 20 == 0 ? 200'000 : 400);
    const size_t distinct = 1 + rng.below(round % 3 == 0 ? 4 : 100'000);
    std::vector<double> values(n);
    for (double& v : values) v = static_cast<double>(rng.below(distinct)) - 50;
    for (size_t i = 0; i < n / 10; ++i) {
      values[rng.below(n)] = std::numeric_limits<double>::quiet_NaN();
      values[rng.below(n)] = rng.below(2) ? std::numeric_limits<double>::infinity()
                                          : -std::numeric_limits<double>::infinity();
    }
    if (round % 7 == 0) std::sort(values.begin(), values.end());
    const size_t k = rng.below(round % 2 ? n + 2 : 20);
    EXPECT_EQ(top_k(std::span<const double>(values), k), sorted_top(values, k)) << round;
    const std::vector<float> narrow(values.begin(), values.end());
    EXPECT_EQ(top_k(std::span<const float>(narrow), k), sorted_top(narrow, k)) << round;
  }
}

TEST(TopK, IsTheSameOnOneThread) {
  Rng rng(2);
  std::vector<float> values(500'000);
  for (float& v : values) v = static_cast<float>(rng.below(1000));
  const auto many = top_k(std::span<const float>(values), 777);
  set_threads(1);
  const auto one = top_k(std::span<const float>(values), 777);
  set_threads(0);
  EXPECT_EQ(many, one);
}

}  // namespace querist::kernels
