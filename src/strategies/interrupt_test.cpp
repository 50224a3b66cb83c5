// Long selections stop soon after they are asked to: how often each asks is counted, not timed.
#include "base/interrupt.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/threads.h"
#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

// Enough rows for several blocks and chunks of every kernel, few enough to run in a moment.
struct LongPool {
  Matrix probabilities, embeddings;
  std::vector<float> members;
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;
  Pool pool;

  LongPool(size_t size, size_t cols, size_t classes)
      : probabilities(size, classes), embeddings(size, cols) {
    Rng rng(5);
    for (float& v : embeddings.values) v = static_cast<float>(rng.normal());
    const auto draw = [&](std::span<float> out) {
      double sum = 0;
      for (float& p : out) sum += p = static_cast<float>(0.01 + rng.uniform());
      for (float& p : out) p = static_cast<float>(p / sum);
    };
    for (size_t i = 0; i < size; ++i) draw(probabilities.row(i));
    members.resize(4 * size * classes);
    for (size_t i = 0; i < 4 * size; ++i) draw(std::span(members).subspan(i * classes, classes));
    for (size_t i = 0; i < size; ++i) {
      (i < 20 ? labeled : candidates).push_back(static_cast<int64_t>(i));
      if (i < 20) labels.push_back(static_cast<int32_t>(i % classes));
    }
    pool = {size, classes, candidates, labeled, labels, probabilities, embeddings};
    pool.member_probabilities = {4, size, classes, members.data()};
  }
};

struct LongSelection {
  const char* name;
  size_t size;
  size_t batch_size;
  size_t least_checks;  // Of a whole selection: one a pick or a block of rows.
};

class Interrupted : public testing::TestWithParam<LongSelection> {
 protected:
  void SetUp() override { set_threads(1); }  // Workers ask for nobody, so one thread counts all.
  void TearDown() override { set_threads(0); }

  // Selects without the door, whose own checks say nothing about the strategy; `stop_at` is the
  // check that is answered with yes, from 1. Returns the checks made.
  static size_t select(const LongSelection& one, const Pool& pool, size_t stop_at) {
    size_t checks = 0;
    const InterruptScope scope([&] { return ++checks == stop_at; }, std::chrono::milliseconds(0));
    const QueryStrategy& strategy = find(one.name);
    Rng rng(1);
    try {
      strategy.select(pool, one.batch_size, Params(strategy.params), rng);
      EXPECT_LT(checks, stop_at) << "the answer was not heeded";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::cancelled);
      EXPECT_EQ(checks, stop_at) << "it asked on after it was told to stop";
    }
    return checks;
  }
};

TEST_P(Interrupted, StopsAtWhateverCheckItIsTold) {
  const LongSelection& one = GetParam();
  const LongPool world(one.size, 24, 4);
  const size_t all = select(one, world.pool, SIZE_MAX);
  EXPECT_GE(all, one.least_checks);
  for (const size_t stop_at : {size_t{1}, 1 + all / 2, all}) {
    if (all > 0) {
      EXPECT_EQ(select(one, world.pool, stop_at), stop_at);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Long, Interrupted,
    testing::Values(LongSelection{"badge", 3000, 40, 40}, LongSelection{"bait", 1500, 12, 24},
                    LongSelection{"batch_bald", 600, 4, 4}, LongSelection{"k_center", 3000, 40, 40},
                    LongSelection{"max_herding", 2000, 20, 20}, LongSelection{"quire", 2000, 10, 8},
                    LongSelection{"lcmd", 3000, 40, 40}, LongSelection{"uherding", 2000, 20, 20},
                    LongSelection{"facility_location", 2000, 20, 20},
                    LongSelection{"gsx", 3000, 40, 40}, LongSelection{"ranked_batch", 3000, 40, 40},
                    LongSelection{"k_means", 3000, 20, 10},
                    LongSelection{"typiclust", 3000, 20, 10},
                    LongSelection{"prob_cover", 2000, 20, 20}, LongSelection{"epig", 1500, 10, 10},
                    LongSelection{"information_density", 2000, 10, 10},
                    LongSelection{"expected_error_reduction", 400, 5, 5}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace querist::strategies
