// expected_error_reduction picks with what it kept of earlier calls what it picks without.
#include <gtest/gtest.h>

#include <any>

#include "strategies/strategy.h"

namespace querist::strategies {

namespace {

// A pool that is labelled step by step, asked with what was kept of the steps before and without.
struct GrowingPool {
  Matrix x;
  size_t classes;
  std::vector<int32_t> class_of;  // -1 without a label.
  std::any memory;

  GrowingPool(Rng& rng, size_t rows, size_t cols, size_t class_count)
      : x(rows, cols), classes(class_count), class_of(rows, -1) {
    for (float& v : x.values) v = static_cast<float>(rng.normal());
  }
  void expect_same(const Params& params, size_t batch_size, double tolerance, Selection& picked) {
    std::vector<int64_t> candidates, labeled;
    std::vector<int32_t> labels;
    for (size_t i = 0; i < x.rows; ++i) {
      (class_of[i] < 0 ? candidates : labeled).push_back(static_cast<int64_t>(i));
      if (class_of[i] >= 0) labels.push_back(class_of[i]);
    }
    Pool pool{x.rows, classes, candidates, labeled, labels, {}, x};
    const auto alone = select_batch(expected_error_reduction(), pool, batch_size, params, 0);
    pool.memory = &memory;
    picked = select_batch(expected_error_reduction(), pool, batch_size, params, 0);
    ASSERT_EQ(picked.rows, alone.rows);
    for (size_t i = 0; i < picked.rows.size(); ++i)
      ASSERT_NEAR(picked.utilities[i], alone.utilities[i], tolerance);
  }
};

}  // namespace

// Under what is kept every block of votes is summed as it would be anew, so nothing may differ.
TEST(ExpectedErrorReduction, ParzenIsTheSameWithWhatItKeptFromEarlierCalls) {
  Rng rng(65);
  for (size_t trial = 0; trial < 10; ++trial) {
    GrowingPool world(rng, 150 + rng.below(100), 1 + rng.below(5), 3);  // The last block not full.
    Params params(expected_error_reduction().params);
    params.set("learner", "parzen");
    Selection picked;
    for (size_t step = 0; step < 12; ++step) {
      world.expect_same(params, 9, 0, picked);
      for (const int64_t row : picked.rows)
        world.class_of[static_cast<size_t>(row)] = static_cast<int32_t>(rng.below(3));
      if (step == 5) world.class_of[static_cast<size_t>(picked.rows[3])] = -1;  // Taken back.
      if (step == 6) world.class_of[static_cast<size_t>(picked.rows[0])] = 0;
      if (step == 8) params.set("gamma", 2.0);
    }
  }
}

// The rows to the last one; the utilities, sums over 200 rows, but for their last digits.
TEST(ExpectedErrorReduction, KernelRidgePicksTheSameWithWhatItKeptFromEarlierCalls) {
  Rng rng(67);
  for (size_t trial = 0; trial < 6; ++trial) {
    GrowingPool world(rng, 120 + rng.below(80), 1 + rng.below(5), 2 + trial % 2);
    const auto any_class = [&] { return static_cast<int32_t>(rng.below(world.classes)); };
    // Twins tie but for rounding.
    for (size_t j = 0; j < 40 * world.x.cols; ++j)
      world.x.values[(world.x.rows - 40) * world.x.cols + j] = world.x.values[j];
    Params params(expected_error_reduction().params);
    params.set("learner", "kernel_ridge");
    params.set("subtract_current", trial < 3);
    if (trial > 3) params.set("method", "log_loss");
    Selection picked;
    std::vector<size_t> asked;
    for (size_t step = 0; step < 70; ++step) {
      ASSERT_NO_FATAL_FAILURE(world.expect_same(params, 1, 1e-9, picked)) << trial << ", " << step;
      asked.push_back(static_cast<size_t>(picked.rows[0]));
      world.class_of[asked.back()] = any_class();
      int32_t& earlier = world.class_of[asked[step / 2]];
      if (step == 20) earlier = -1;  // Taken back.
      if (step == 30) earlier = (earlier + 1) % 2;
      if (step == 40) params.set("gamma", 2.0);
      if (step == 50) params.set("regularization", 0.2);
      if (step == 60) {  // Many at once.
        for (size_t i = 0; i < 80; ++i) world.class_of[i] = any_class();
      }
    }
  }
}

}  // namespace querist::strategies
