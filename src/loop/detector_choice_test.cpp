// The choice of a detector on data whose answer is known, and the threshold against brute force.
#include "loop/detector_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/threads.h"

namespace querist::loop {

// Classes about corners far apart. The model sees the corner; embeddings may see it or noise.
struct Corners {
  Matrix features;
  Matrix embeddings;
  std::vector<int32_t> labels;
  size_t classes;

  Corners(size_t rows, size_t class_count, bool telling_embeddings, uint64_t seed)
      : features(rows, class_count), embeddings(rows, 4), classes(class_count) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<int32_t>(i % classes));
      for (size_t k = 0; k < classes; ++k)
        features.at(i, k) = static_cast<float>((k == i % classes ? 2 : 0) + 0.5 * rng.normal());
      for (size_t j = 0; j < 4; ++j) {
        Rng corner(mix_seed(7, i % classes * 4 + j));
        const double centre = telling_embeddings ? 10 * corner.normal() : 0;
        embeddings.at(i, j) = static_cast<float>(centre + 0.3 * rng.normal());
      }
    }
  }
  DetectorData data() const {
    return {{.features = Features(features), .labels = labels, .classes = classes},
            Features(embeddings)};
  }
};

static DetectorChoice choose(const DetectorData& data, uint64_t seed = 3) {
  const auto chosen = learners::parse_learner("logistic_regression(strength=1)");
  return choose_detector(*chosen.card, chosen.params, data, seed, Progress());
}

static const DetectorCandidate& of(const DetectorChoice& choice, std::string_view name) {
  return *std::find_if(choice.candidates.begin(), choice.candidates.end(),
                       [&](const auto& one) { return one.name == name; });
}

TEST(DetectorChoice, TakesDistancesWhereTheyTellClassesApart) {
  const Corners corners(200, 5, true, 1);
  const auto choice = choose(corners.data());
  EXPECT_EQ(choice.class_folds, 5u);
  EXPECT_EQ(choice.candidates.size(), out_of_distribution::all().size());
  EXPECT_GT(of(choice, choice.name).auroc->value, 0.99);
  EXPECT_GT(of(choice, "mahalanobis").auroc->value, 0.99);
  for (const auto& candidate : choice.candidates) {
    EXPECT_LE(candidate.auroc->value, of(choice, choice.name).auroc->value);
    EXPECT_LE(candidate.auroc->ci_low, candidate.auroc->value);
    EXPECT_GE(candidate.auroc->ci_high, candidate.auroc->value);
  }
  EXPECT_TRUE(has(out_of_distribution::find(choice.name).needs, Signal::embeddings));
}

TEST(DetectorChoice, TakesLogitsWhereEmbeddingsAreNoise) {
  const Corners corners(300, 5, false, 2);
  const auto choice = choose(corners.data());
  EXPECT_TRUE(has(out_of_distribution::find(choice.name).needs, Signal::probabilities));
  EXPECT_GT(of(choice, choice.name).auroc->value, 0.8);
  // Noise tells nothing: 0.5 lies in its interval.
  EXPECT_LT(of(choice, "mahalanobis").auroc->ci_low, 0.5);
  EXPECT_GT(of(choice, "mahalanobis").auroc->ci_high, 0.5);
}

TEST(DetectorChoice, SaysWhenTheBestOfThemIsChance) {
  Corners corners(100, 5, false, 9);
  Rng rng(10);
  for (float& value : corners.features.values) value = static_cast<float>(rng.normal());
  const auto noise = choose(corners.data());
  EXPECT_LE(of(noise, noise.name).auroc->ci_low, 0.5);
  EXPECT_NE(noise.sentence.find("beyond chance"), std::string::npos) << noise.sentence;
  const auto told = choose(Corners(200, 5, true, 1).data());
  EXPECT_EQ(told.sentence.find("beyond chance"), std::string::npos) << told.sentence;
}

TEST(DetectorChoice, IsTheSameOnOneThreadAndMany) {
  const Corners corners(120, 4, true, 4);
  const auto many = choose(corners.data());
  set_threads(1);
  const auto one = choose(corners.data());
  set_threads(0);
  EXPECT_EQ(one.name, many.name);
  for (const auto& candidate : one.candidates)
    EXPECT_EQ(candidate.auroc->value, of(many, candidate.name).auroc->value) << candidate.name;
}

TEST(DetectorChoice, FallsBackWhereFewerThanThreeClassesHaveLabelsEnough) {
  const auto two = choose(Corners(60, 2, true, 5).data());
  EXPECT_EQ(two.name, "max_softmax");
  EXPECT_EQ(two.class_folds, 0u);
  EXPECT_NE(two.sentence.find("without a trial"), std::string::npos);
  const auto few = choose(Corners(16, 4, true, 6).data());  // Four labels a class.
  EXPECT_EQ(few.name, "max_softmax");
  for (const auto& candidate : few.candidates) {
    EXPECT_FALSE(candidate.auroc);
    EXPECT_FALSE(candidate.reason.empty());
  }
}

// As with the principal axes of texts: the same trial, another choice.
TEST(DetectorChoice, DoesNotTrustDistancesInAProjectionThatSawTheClasses) {
  const Corners corners(200, 5, true, 1);
  DetectorData data = corners.data();
  const auto free = choose(data);
  data.fitted_projection = true;
  const auto choice = choose(data);
  EXPECT_TRUE(has(out_of_distribution::find(choice.name).needs, Signal::probabilities));
  EXPECT_EQ(of(choice, "mahalanobis").auroc->value, of(free, "mahalanobis").auroc->value);
  EXPECT_FALSE(of(choice, "mahalanobis").reason.empty());
  EXPECT_TRUE(of(free, "mahalanobis").reason.empty());
}

TEST(DetectorChoice, DoesWithoutEmbeddings) {
  const Corners corners(100, 4, true, 7);
  DetectorData data = corners.data();
  data.embeddings = {};
  const auto choice = choose(data);
  EXPECT_FALSE(of(choice, "mahalanobis").auroc);
  EXPECT_FALSE(of(choice, "mahalanobis").reason.empty());
  EXPECT_TRUE(of(choice, choice.name).auroc);
}

// Brute force: the least score such that, with one more row like them, at most the share exceeds
// it.
TEST(FlaggingThreshold, IsTheConformalQuantile) {
  Rng rng(8);
  for (size_t n = 1; n < 60; ++n) {
    std::vector<double> scores;
    for (size_t i = 0; i < n; ++i) scores.push_back(static_cast<double>(rng.below(20)));
    for (const double share : {0.05, 0.2, 0.5}) {
      double expected = *std::max_element(scores.begin(), scores.end());
      for (const double candidate : scores) {
        const auto above = static_cast<double>(
            std::count_if(scores.begin(), scores.end(), [&](double s) { return s > candidate; }));
        if ((above + 1) / static_cast<double>(n + 1) <= share + 1e-12)
          expected = std::min(expected, candidate);
      }
      EXPECT_EQ(flagging_threshold(scores, share), expected) << n << " " << share;
    }
  }
  EXPECT_EQ(flagging_threshold({}, 0.05), INFINITY);
}

// Fresh rows of the same classes: about one in twenty is flagged. The models that score them were
// trained on a quarter more rows than those out of fold, so a little fewer.
TEST(OutOfFoldScores, GiveAThresholdThatHoldsForNewRows) {
  const Corners known(600, 4, true, 9);
  const Corners fresh(2000, 4, true, 10);
  const auto chosen = learners::parse_learner("logistic_regression(strength=1)");
  for (const char* name : {"max_softmax", "energy", "mahalanobis", "k_nearest"}) {
    const auto& card = out_of_distribution::find(name);
    const auto scores =
        out_of_fold_scores(*chosen.card, chosen.params, known.data(), card, 1, Progress());
    const double threshold = flagging_threshold(scores, 0.05);
    const auto data = known.data();
    const auto model =
        learners::train(*chosen.card, data.data, chosen.params, nullptr, 1, Progress());
    const auto rows = [&](const Corners& of, std::vector<double>& logits) {
      Matrix p;
      model->probabilities(Features(of.features), p);
      logits = out_of_distribution::logits_of(p);
      return out_of_distribution::Rows{{p.rows, p.cols, logits.data()}, Features(of.embeddings)};
    };
    std::vector<double> logits, fresh_logits;
    const auto fitted =
        out_of_distribution::fit(card, {rows(known, logits), known.labels}, Params(card.params));
    const auto new_scores = out_of_distribution::score(fitted, rows(fresh, fresh_logits));
    const auto flagged = std::count_if(new_scores.begin(), new_scores.end(),
                                       [&](double s) { return s > threshold; });
    // 600 rows place the quantile to within 1.8 % (two deviations).
    EXPECT_GT(flagged, 2000 * 0.025) << name;
    EXPECT_LT(flagged, 2000 * 0.085) << name;
  }
}

}  // namespace querist::loop
