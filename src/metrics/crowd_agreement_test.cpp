// Agreement of crowds against published examples and every pair counted.
#include "metrics/crowd_agreement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

struct Answers {
  std::vector<size_t> offsets = {0};
  std::vector<int32_t> labels;
  size_t classes = 0;
  void add(const std::vector<int32_t>& item) {
    labels.insert(labels.end(), item.begin(), item.end());
    offsets.push_back(labels.size());
  }
  ItemLabels view() const { return {offsets, labels, classes}; }
};

// Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example C: four observers,
// twelve units, five values, answers missing; nominal alpha .743.
TEST(KrippendorffAlpha, IsThePublishedExample) {
  Answers answers{.classes = 6};
  for (const auto& unit : std::vector<std::vector<int32_t>>{{1, 1, 1},
                                                            {2, 2, 3, 2},
                                                            {3, 3, 3, 3},
                                                            {3, 3, 3, 3},
                                                            {2, 2, 2, 2},
                                                            {1, 2, 3, 4},
                                                            {4, 4, 4, 4},
                                                            {1, 1, 2, 1},
                                                            {2, 2, 2, 2},
                                                            {5, 5, 5},
                                                            {1, 1},
                                                            {3}})
    answers.add(unit);
  EXPECT_NEAR(krippendorff_alpha(answers.view()), 0.743, 0.0005);
}

// The worked example of ten subjects, fourteen raters and five categories; kappa .210.
TEST(FleissKappa, IsThePublishedExample) {
  Answers answers{.classes = 5};
  for (const auto& counts : std::vector<std::vector<int>>{{0, 0, 0, 0, 14},
                                                          {0, 2, 6, 4, 2},
                                                          {0, 0, 3, 5, 6},
                                                          {0, 3, 9, 2, 0},
                                                          {2, 2, 8, 1, 1},
                                                          {7, 7, 0, 0, 0},
                                                          {3, 2, 6, 3, 0},
                                                          {2, 5, 3, 2, 2},
                                                          {6, 5, 2, 1, 0},
                                                          {0, 2, 2, 3, 7}}) {
    std::vector<int32_t> item;
    for (int c = 0; c < 5; ++c)
      item.insert(item.end(), static_cast<size_t>(counts[static_cast<size_t>(c)]), c);
    answers.add(item);
  }
  EXPECT_NEAR(fleiss_kappa(answers.view()), 0.210, 0.0005);
}

// Alpha by its definition: every pair of answers, within items and over all.
TEST(KrippendorffAlpha, IsEveryPairCounted) {
  Rng rng(5);
  for (int round = 0; round < 100; ++round) {
    Answers answers{.classes = 3};
    for (size_t i = 0; i < 8; ++i) {
      std::vector<int32_t> item;
      for (size_t j = 0; j < 2 + rng.below(4); ++j)
        item.push_back(static_cast<int32_t>(rng.below(3)));
      answers.add(item);
    }
    double within = 0;
    double over = 0;
    const size_t n = answers.labels.size();
    double agree = 0;
    for (size_t i = 0; i < 8; ++i) {
      double pairs = 0;
      double equal = 0;
      const auto m = static_cast<double>(answers.offsets[i + 1] - answers.offsets[i]);
      for (size_t a = answers.offsets[i]; a < answers.offsets[i + 1]; ++a) {
        for (size_t b = answers.offsets[i]; b < answers.offsets[i + 1]; ++b) {
          if (a == b) continue;
          ++pairs;
          equal += answers.labels[a] == answers.labels[b];
          within += (answers.labels[a] != answers.labels[b]) / (m - 1);
        }
      }
      agree += equal / pairs / 8;
    }
    for (size_t a = 0; a < n; ++a)
      for (size_t b = 0; b < n; ++b) over += a != b && answers.labels[a] != answers.labels[b];
    if (over == 0) continue;
    const auto count = static_cast<double>(n);
    EXPECT_NEAR(krippendorff_alpha(answers.view()),
                1 - (within / count) / (over / (count * (count - 1))), 1e-12);
    EXPECT_NEAR(observed_agreement(answers.view()), agree, 1e-12);
  }
}

TEST(CrowdAgreement, OneClassAgreesAndOneAnswerSaysNothing) {
  Answers same{.classes = 2};
  same.add({1, 1});
  same.add({1, 1});
  EXPECT_EQ(krippendorff_alpha(same.view()), 1);
  EXPECT_EQ(fleiss_kappa(same.view()), 1);
  Answers single{.classes = 2};
  single.add({0});
  EXPECT_TRUE(std::isnan(krippendorff_alpha(single.view())));
  EXPECT_TRUE(std::isnan(observed_agreement(single.view())));
  EXPECT_THROW(fleiss_kappa(single.view()), Error);
  Answers wrong{.classes = 2};
  wrong.add({0, 2});
  EXPECT_THROW(krippendorff_alpha(wrong.view()), Error);
}

}  // namespace querist::metrics
