// The two rules of a review, on reviews whose relevant examples are known.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "stopping/rules_fixture.h"

namespace querist::stopping {

// A pool of which `relevant` are left to find, read at random to its end after `known` were found
// in an order of its own.
struct Reading {
  Rng rng;
  int64_t unread;
  int64_t left;
  Review review{"spam", {}, {}};

  Reading(uint64_t seed, int64_t known, int64_t pool, int64_t relevant)
      : rng(seed), unread(pool), left(relevant) {
    review.now = {known, pool};
  }
  void draw() {
    const bool hit = rng.below(static_cast<uint64_t>(unread)) < static_cast<uint64_t>(left);
    review.draws.push_back({review.now.found, unread, hit});
    --unread;
    left -= hit;
    review.now = {review.now.found + hit, unread};
  }
  double recall() const {
    return static_cast<double>(review.now.found) / static_cast<double>(review.now.found + left);
  }
};

TEST(RecallInterval, SaysWhatItsEstimateSays) {
  Reading reading(1, 95, 400, 5);
  EXPECT_FALSE(ask("recall_interval", {.review = reading.review}).met) << "no draws";
  EXPECT_FALSE(ask("recall_interval", {}).met) << "no review";
  while (reading.unread > 0) {
    reading.draw();
    if (reading.unread % 40 != 0) continue;
    const Review& review = reading.review;
    const auto total = metrics::relevant_total_anytime(review.draws, review.now);
    const double least = metrics::recall_from_total(review.now.found, total).ci_low;
    const Advice advice = ask("recall_interval", {.review = review});
    EXPECT_EQ(advice.value, least);
    EXPECT_EQ(*advice.met, least >= 0.95);
  }
  const Advice advice = ask("recall_interval", {.review = reading.review});
  EXPECT_EQ(advice.sentence,
            "You have found 100 of about 100 examples of \"spam\" (at most 100), which is at least "
            "95 of 100, as 400 random draws show at every look.");
  EXPECT_EQ(advise({.pool_left = 1, .review = reading.review}).verdict, Verdict::stop);
}

TEST(RecallInterval, DoesNotStopBeforeAnythingIsFound) {
  Reading reading(2, 0, 50, 0);
  while (reading.unread > 0) reading.draw();
  EXPECT_EQ(ask("recall_interval", {.review = reading.review}).met, false);
}

TEST(HypergeometricRecall, LooksAtEqualStepsWithEqualRisks) {
  Reading reading(3, 95, 400, 0);
  for (int i = 0; i < 39; ++i) reading.draw();
  Advice advice = ask("hypergeometric_recall", {.review = reading.review});
  EXPECT_EQ(advice.met, false);
  EXPECT_EQ(advice.sentence, "The test comes after 40 random draws at the end; there are 39.");
  while (reading.review.draws.size() < 250) reading.draw();
  advice = ask("hypergeometric_recall", {.review = reading.review});
  // Nothing was found in 240 of 400 where six would be needed: the test's own number.
  EXPECT_NEAR(advice.value, metrics::recall_p_value(95, 400, 240, 0, 0.95), 1e-15);
  EXPECT_EQ(*advice.met, advice.value < 0.005);
  reading.review.now.found += 1;  // Something else was read after the draws.
  EXPECT_FALSE(ask("hypergeometric_recall", {.review = reading.review}).met);
}

TEST(HypergeometricRecall, ReadsOnlyTheRandomEnd) {
  Reading reading(4, 50, 300, 10);
  for (int i = 0; i < 30; ++i) reading.draw();
  // Twenty are read in the review's own order, five of them relevant.
  reading.unread -= 20;
  reading.left -= 5;
  reading.review.now = {reading.review.now.found + 5, reading.unread};
  const int64_t known = reading.review.now.found;
  const int64_t unread = reading.unread;
  int64_t found = 0;
  for (int i = 0; i < 25; ++i) {
    reading.draw();
    found += reading.review.draws.back().relevant;
  }
  ASSERT_EQ(unread, 250);
  const Advice advice = ask("hypergeometric_recall", {.review = reading.review});
  EXPECT_NEAR(advice.value, metrics::recall_p_value(known, unread, 25, found, 0.95), 1e-15);
}

// Of 1,000 reviews looked at after every tenth draw the rule may end 5 of 100 too early.
TEST(HypergeometricRecall, StopsTooEarlyNoMoreOftenThanAllowed) {
  int too_early = 0;
  int stopped_early = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Reading reading(seed, 300, 400, 20);  // 300 of 320: a recall of .9375.
    while (reading.unread > 0) {
      reading.draw();
      if (reading.unread % 10 != 0) continue;
      if (ask("hypergeometric_recall", {.review = reading.review}).met != true) continue;
      too_early += reading.recall() < 0.95;
      stopped_early += reading.unread > 0;
      break;
    }
  }
  EXPECT_LE(too_early, 50);
  EXPECT_GT(stopped_early, 300) << "the rule must save something";
}

}  // namespace querist::stopping
