// Rounded products against double, on every target: never further off than they say.
#include "kernels/narrow_products.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/rng.h"
#include "kernels/narrow_distances.h"

namespace querist::kernels {

template <class Body>
static void on_every_target(Body body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

static double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += double{a[j]} * double{b[j]};
  return sum;
}

// Rows of very different lengths, some of zeros, some with one large value.
static Matrix mixed_rows(size_t rows, size_t cols, Rng& rng) {
  Matrix x(rows, cols);
  for (size_t i = 0; i < rows; ++i) {
    const double scale = i % 7 == 3 ? 0 : std::exp(4 * rng.normal());
    for (float& v : x.row(i)) v = static_cast<float>(scale * rng.normal());
    if (i % 5 == 1) x.at(i, rng.below(cols)) = static_cast<float>(300 * scale);
  }
  return x;
}

struct Seen {
  std::vector<int> times;  // (a, b): how often a pair was met.
  void check(const NarrowBlock& block, const NarrowRows& a, const NarrowRows& b, const Matrix& left,
             const Matrix& right, double error) {
    const std::lock_guard lock(mutex);
    for (size_t r = 0; r < block.n; ++r) {
      for (size_t c = 0; c < block.width && block.column + c < b.rows; ++c) {
        const size_t i = block.row + r, j = block.column + c;
        const double found = double{a.units[i]} * double{b.units[j]} *
                             static_cast<double>(block.products[r * block.width + c]);
        const auto p = left.row(i), q = right.row(j);
        EXPECT_LE(std::abs(found - dot(p, q)), error * std::sqrt(dot(p, p) * dot(q, q)));
        ++times[i * b.rows + j];
        if (block.mirrored) ++times[j * b.rows + i];
      }
    }
  }
  std::mutex mutex;
};

TEST(NarrowProducts, LieWithinTheirErrorAndMeetEveryPairOnce) {
  on_every_target([] {
    for (uint64_t seed = 0; seed < 12; ++seed) {
      Rng rng(seed);
      const size_t cols = 1 + rng.below(90);
      const Matrix left = mixed_rows(1 + rng.below(seed % 4 == 0 ? 700 : 90), cols, rng);
      const Matrix right = mixed_rows(1 + rng.below(400), cols, rng);
      std::vector<int64_t> left_ids(left.rows), right_ids(right.rows);
      std::iota(left_ids.begin(), left_ids.end(), 0);
      std::iota(right_ids.begin(), right_ids.end(), 0);
      const NarrowRows a = narrow_rows(left, left_ids), b = narrow_rows(right, right_ids);
      EXPECT_LT(std::max(a.error, b.error), 0.02);  // One value of 300 leaves 7 bits to others.
      Seen both{std::vector<int>(a.rows * b.rows, 0), {}};
      meet_narrow(a, b, [&](const NarrowBlock& block) {
        both.check(block, a, b, left, right, std::max(a.error, b.error));
      });
      EXPECT_EQ(std::ranges::count(both.times, 1), static_cast<int64_t>(both.times.size()));
      Seen own{std::vector<int>(a.rows * a.rows, 0), {}};
      meet_narrow(a, [&](const NarrowBlock& block) {
        EXPECT_LT(block.task, narrow_tasks(a.rows));
        own.check(block, a, a, left, left, a.error);
      });
      EXPECT_EQ(std::ranges::count(own.times, 1), static_cast<int64_t>(own.times.size()));
    }
  });
}

TEST(NarrowProducts, SayWhenFloatsCannotHoldALength) {
  Matrix x(2, 3);
  x.at(0, 1) = 1e25f;
  const std::vector<int64_t> rows = {0, 1};
  EXPECT_TRUE(std::isinf(narrow_rows(x, rows).error));
  x.at(0, 1) = 1e-25f;
  EXPECT_TRUE(std::isinf(narrow_rows(x, rows).error));
}

TEST(NarrowDistances, BracketTheSquaredDistance) {
  Rng rng(5);
  const Matrix x = mixed_rows(300, 33, rng);
  std::vector<int64_t> ids(300);
  std::iota(ids.begin(), ids.end(), 0);
  NarrowDistances rows({Similarity::gaussian, 1}, x, ids);
  rows.bound(rows.error());
  const NarrowSide side = rows.side();
  meet_narrow(rows.rows(), rows.rows(), [&](const NarrowBlock& block) {
    for (size_t r = 0; r < block.n; ++r) {
      for (size_t c = 0; c < block.width && block.column + c < 300; ++c) {
        const size_t i = block.row + r, j = block.column + c;
        const double twice = 2 * double{side.units[i]} * double{side.units[j]} *
                             static_cast<double>(block.products[r * block.width + c]);
        const auto p = x.row(i), q = x.row(j);
        const double squared = dot(p, p) + dot(q, q) - 2 * dot(p, q);
        EXPECT_LE(double{side.least[i]} + double{side.least[j]} - twice, squared);
        EXPECT_GE(double{side.most[i]} + double{side.most[j]} - twice, squared);
      }
    }
  });
}

}  // namespace querist::kernels
