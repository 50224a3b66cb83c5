// Work saved against counts made by hand, and against a scan of random orders.
#include "metrics/work_saved.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

TEST(WorkSaved, CountsByHand) {
  // Twenty relevant records at the front of a hundred but for the last, which comes at the end.
  std::vector<int64_t> found_at;
  for (int64_t i = 1; i < 20; ++i) found_at.push_back(i);
  found_at.push_back(100);
  EXPECT_DOUBLE_EQ(reading_saved(found_at, 100, 0.95), 0.81);
  EXPECT_NEAR(work_saved_over_sampling(found_at, 100, 0.95), 0.76, 1e-12);
  EXPECT_DOUBLE_EQ(reading_saved(found_at, 100, 1), 0);
  EXPECT_DOUBLE_EQ(reading_saved(found_at, 100, 0), 1);
  EXPECT_DOUBLE_EQ(recall_after(found_at, 100, 0.1), 0.5);
  EXPECT_DOUBLE_EQ(recall_after(found_at, 100, 1), 1);
}

TEST(WorkSaved, NothingRelevantIsFoundAtOnce) {
  EXPECT_DOUBLE_EQ(reading_saved({}, 10, 0.95), 1);
  EXPECT_DOUBLE_EQ(recall_after({}, 10, 0), 1);
}

// Reads the order record by record, as the definition does.
TEST(WorkSaved, AgreesWithAScan) {
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    const auto records = static_cast<int64_t>(1 + rng.below(40));
    std::vector<bool> relevant(static_cast<size_t>(records));
    std::vector<int64_t> found_at;
    for (int64_t i = 0; i < records; ++i) {
      relevant[static_cast<size_t>(i)] = rng.uniform() < 0.3;
      if (relevant[static_cast<size_t>(i)]) found_at.push_back(i + 1);
    }
    if (found_at.empty()) continue;
    const auto percent = static_cast<int64_t>(1 + rng.below(100));
    const auto total = static_cast<int64_t>(found_at.size());
    int64_t found = 0;
    int64_t read = 0;
    while (100 * found < percent * total) found += relevant[static_cast<size_t>(read++)];
    const double recall = static_cast<double>(percent) / 100;
    EXPECT_NEAR(reading_saved(found_at, records, recall),
                1 - static_cast<double>(read) / static_cast<double>(records), 1e-12);
    found = 0;
    for (int64_t i = 0; i < percent * records / 100; ++i) found += relevant[static_cast<size_t>(i)];
    EXPECT_NEAR(recall_after(found_at, records, recall),
                static_cast<double>(found) / static_cast<double>(total), 1e-12);
  }
}

TEST(WorkSaved, RefusesOrdersThatAreNone) {
  EXPECT_THROW(reading_saved(std::vector<int64_t>{2, 2}, 10, 0.95), Error);
  EXPECT_THROW(reading_saved(std::vector<int64_t>{0}, 10, 0.95), Error);
  EXPECT_THROW(recall_after(std::vector<int64_t>{11}, 10, 0.1), Error);
  EXPECT_THROW(reading_saved(std::vector<int64_t>{1}, 10, 1.5), Error);
}

}  // namespace querist::metrics
