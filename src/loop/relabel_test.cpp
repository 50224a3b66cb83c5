// Which labelled examples are asked about again, on crowds whose errors are known.
#include "loop/relabel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"
#include "consensus/active_lab/active_lab.h"

namespace querist::loop {

// Items with a true class of two, a model that is right with probability 0.9, and people who are
// right as often as `accuracy` says.
struct KnownCrowd {
  std::vector<int64_t> items, annotators;
  std::vector<int32_t> labels, truth;
  Matrix out_of_fold, unlabeled;
  std::vector<uint8_t> eligible;

  KnownCrowd(size_t count, size_t answers, std::vector<double> accuracy, uint64_t seed)
      : out_of_fold(count, 2), unlabeled(count, 2), eligible(count, 1) {
    Rng rng(seed);
    for (size_t item = 0; item < count; ++item) {
      truth.push_back(static_cast<int32_t>(rng.below(2)));
      const bool model_right = rng.uniform() < 0.9;
      const auto said = static_cast<size_t>(model_right ? truth[item] : 1 - truth[item]);
      const double sure = 0.55 + 0.4 * rng.uniform();
      out_of_fold.at(item, said) = static_cast<float>(sure);
      out_of_fold.at(item, 1 - said) = static_cast<float>(1 - sure);
      const double other = 0.5 + 0.5 * rng.uniform();
      unlabeled.at(item, 0) = static_cast<float>(other);
      unlabeled.at(item, 1) = static_cast<float>(1 - other);
      const size_t first = rng.below(accuracy.size());
      for (size_t a = 0; a < answers; ++a) {
        const size_t who = (first + a) % accuracy.size();
        items.push_back(static_cast<int64_t>(item));
        annotators.push_back(static_cast<int64_t>(who));
        labels.push_back(rng.uniform() < accuracy[who] ? truth[item] : 1 - truth[item]);
      }
    }
  }

  Relabel choose(size_t batch) const {
    return items_to_relabel({.answers = {items, annotators, labels},
                             .out_of_fold = out_of_fold,
                             .unlabeled = unlabeled,
                             .eligible = eligible},
                            batch);
  }
};

TEST(ItemsToRelabel, AreTheLabelledOnesAmongTheLowestScores) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const KnownCrowd crowd(60, 1 + seed % 2, {0.8, 0.6, 0.7}, seed);
    const size_t batch = 4 + seed % 17;
    const auto got = crowd.choose(batch).items;
    const auto scores =
        consensus::active_lab({crowd.items, crowd.annotators, crowd.labels},
                              MatrixView(crowd.out_of_fold), MatrixView(crowd.unlabeled));
    std::vector<std::pair<double, int64_t>> all;  // Unlabelled ones have the number -1.
    for (size_t i = 0; i < 60; ++i) all.emplace_back(scores.scores[i], static_cast<int64_t>(i));
    for (const double score : scores.unlabeled_scores) all.emplace_back(score, -1);
    std::sort(all.begin(), all.end());
    all.resize(batch);
    std::vector<size_t> expected;
    for (const auto& [score, item] : all) {
      if (item >= 0 && expected.size() < batch / 2) expected.push_back(static_cast<size_t>(item));
    }
    EXPECT_EQ(got, expected) << seed;
  }
}

TEST(ItemsToRelabel, HoldMoreWrongLabelsThanTheRest) {
  double chosen = 0, chosen_wrong = 0, all = 0, all_wrong = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const KnownCrowd crowd(100, 1, {0.9, 0.7, 0.7}, seed);
    const auto wrong = [&](size_t item) { return crowd.labels[item] != crowd.truth[item]; };
    for (const size_t item : crowd.choose(40).items) ++chosen, chosen_wrong += wrong(item);
    for (size_t item = 0; item < 100; ++item) ++all, all_wrong += wrong(item);
  }
  ASSERT_GT(chosen, 200);
  EXPECT_GT(chosen_wrong / chosen, 2 * all_wrong / all);
}

TEST(ItemsToRelabel, AreNoneWhereAnnotatorsAgree) {
  const auto careful = KnownCrowd(200, 2, {1, 1, 1}, 3).choose(20);
  EXPECT_TRUE(careful.items.empty());
  EXPECT_EQ(careful.twice_answered, 200);
  EXPECT_NE(careful.sentence.find("200 of 200 pairs"), std::string::npos) << careful.sentence;
  const auto alone = KnownCrowd(200, 1, {0.6}, 3).choose(20);
  EXPECT_TRUE(alone.items.empty());
  EXPECT_NE(alone.sentence.find("one annotator"), std::string::npos) << alone.sentence;
}

TEST(ItemsToRelabel, LeaveOutWhatNobodyElseCanAnswer) {
  KnownCrowd crowd(80, 1, {0.6, 0.6, 0.6}, 5);
  const auto before = crowd.choose(20).items;
  ASSERT_FALSE(before.empty());
  for (const size_t item : before) crowd.eligible[item] = 0;
  for (const size_t item : crowd.choose(20).items)
    EXPECT_EQ(std::count(before.begin(), before.end(), item), 0);
  const auto often = KnownCrowd(80, most_answers, {0.5, 0.5, 0.5, 0.5, 0.5}, 5).choose(20);
  EXPECT_TRUE(often.items.empty()) << "each has all the answers it may have";
}

}  // namespace querist::loop
