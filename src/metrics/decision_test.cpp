// The search against every threshold there is, tried one after another on small random tables.
#include "metrics/decision.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/classification.h"
#include "metrics/confusion.h"

namespace querist::metrics {

static constexpr DecisionMetric all_metrics[] = {DecisionMetric::accuracy,
                                                 DecisionMetric::balanced_accuracy,
                                                 DecisionMetric::f1, DecisionMetric::mcc};

struct World {
  Matrix probabilities;
  std::vector<int32_t> labels;

  // Rare classes, probabilities that lean to the label; coarse: many rows alike.
  World(size_t rows, size_t classes, bool coarse, uint64_t seed) : probabilities(rows, classes) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      const auto rare = rng.uniform() * rng.uniform();
      labels.push_back(static_cast<int32_t>(rare * static_cast<double>(classes)));
      float sum = 0;
      for (size_t c = 0; c < classes; ++c) {
        const double lean = labels[i] == static_cast<int32_t>(c) ? 0.5 : 0;
        auto p = static_cast<float>(lean + rng.uniform() / static_cast<double>(c + 1));
        if (coarse) p = std::round(4 * p) / 4;
        sum += probabilities.at(i, c) = p;
      }
      if (sum == 0) sum = probabilities.at(i, 0) = 1;
      for (float& p : probabilities.row(i)) p /= sum;
    }
  }

  // By the metrics of confusion.h, which are tested against scikit-learn.
  double score(DecisionMetric metric, std::span<const double> weights) const {
    const auto table = confusion(labels, decide(probabilities, weights), probabilities.cols);
    switch (metric) {
      case DecisionMetric::accuracy:
        return accuracy(table);
      case DecisionMetric::balanced_accuracy:
        return balanced_accuracy(table);
      case DecisionMetric::f1:
        return average_scores(table, Average::macro).f1;
      case DecisionMetric::mcc:
        return matthews_correlation(table);
    }
    return NAN;
  }

  // The best score over all weights of one class that predict differently, the others' standing.
  double best_of_class(DecisionMetric metric, std::vector<double> weights, size_t cls) const {
    std::vector<double> turns = {0};
    for (size_t i = 0; i < labels.size(); ++i) {
      for (size_t c = 0; c < weights.size(); ++c) {
        const double own = probabilities.at(i, cls);
        if (c != cls && own > 0) turns.push_back(weights[c] * double{probabilities.at(i, c)} / own);
      }
    }
    std::sort(turns.begin(), turns.end());
    double best = -INFINITY;
    for (size_t t = 0; t < turns.size(); ++t) {
      const double next = t + 1 < turns.size() ? turns[t + 1] : 2 * turns[t] + 1;
      if (next - turns[t] < 1e-9) continue;  // On a turn itself a tie decides, not a weight.
      weights[cls] = (turns[t] + next) / 2;
      best = std::max(best, score(metric, weights));
    }
    return best;
  }
};

TEST(Decision, OfTwoClassesIsTheBestThresholdThereIs) {
  int searched = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    const World world(5 + seed, 2, seed % 3 == 0, seed);
    for (const DecisionMetric metric : all_metrics) {
      const Decision found = search_decision(world.labels, world.probabilities, metric);
      EXPECT_NEAR(found.score, world.score(metric, found.class_weights), 1e-12);
      EXPECT_NEAR(found.likeliest_score, world.score(metric, {}), 1e-12);
      if (metric == DecisionMetric::accuracy) {
        EXPECT_TRUE(found.class_weights.empty());
        continue;
      }
      const double best = std::max(world.best_of_class(metric, {1, 1}, 1), found.likeliest_score);
      EXPECT_NEAR(found.score, best, 1e-12) << "seed " << seed;
      searched += !found.class_weights.empty();
    }
  }
  EXPECT_GT(searched, 300) << "most tables are better off with a threshold";
}

TEST(Decision, OfSeveralClassesIsNotBetteredByMovingOneWeight) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const World world(20 + seed, 3 + seed % 3, seed % 4 == 0, seed);
    for (const DecisionMetric metric :
         {DecisionMetric::balanced_accuracy, DecisionMetric::f1, DecisionMetric::mcc}) {
      const Decision found = search_decision(world.labels, world.probabilities, metric);
      EXPECT_NEAR(found.score, world.score(metric, found.class_weights), 1e-12);
      EXPECT_GE(found.score, world.score(metric, {}) - 1e-12);
      std::vector<double> weights = found.class_weights;
      if (weights.empty()) weights.assign(world.probabilities.cols, 1);
      for (size_t c = 0; c < weights.size(); ++c)
        EXPECT_LE(world.best_of_class(metric, weights, c), found.score + 1e-9) << "seed " << seed;
    }
  }
}

TEST(Decision, ReadsAThresholdOfClassOneOffTheFirstWeight) {
  Matrix p(6, 2);
  for (size_t i = 0; i < 6; ++i) {
    p.at(i, 1) = 0.05F * static_cast<float>(i + 1);  // 0.05 … 0.30
    p.at(i, 0) = 1 - p.at(i, 1);
  }
  const std::vector<int32_t> labels = {0, 0, 0, 0, 1, 1};
  const Decision found = search_decision(labels, p, DecisionMetric::mcc);
  EXPECT_DOUBLE_EQ(found.score, 1);
  EXPECT_DOUBLE_EQ(found.likeliest_score, 0);
  EXPECT_NEAR(found.class_weights[0] + found.class_weights[1], 1, 1e-12);
  // In the middle of 0.20 and 0.25 in odds: odds sqrt(1/4 · 1/3).
  const double odds = std::sqrt(1.0 / 12);
  EXPECT_NEAR(found.class_weights[0], odds / (1 + odds), 1e-6);
  EXPECT_EQ(decide(p, found.class_weights), labels);
}

TEST(Decision, WithoutWeightsIsTheLikeliestClassAndTiesGoToTheLower) {
  const World world(200, 5, true, 3);
  EXPECT_EQ(decide(world.probabilities, {}), likeliest(world.probabilities));
  Matrix tie(1, 3);
  tie.values = {0.2F, 0.4F, 0.4F};
  EXPECT_EQ(decide(tie, {})[0], 1);
  EXPECT_EQ(decide(tie, std::vector<double>{0.5, 0.25, 0.25})[0], 0);
}

TEST(Decision, RefusesWhatIsNone) {
  const World world(10, 2, false, 1);
  EXPECT_THROW(search_decision({}, Matrix(0, 2), DecisionMetric::f1), Error);
  EXPECT_THROW(search_decision(std::vector<int32_t>{0}, world.probabilities, DecisionMetric::f1),
               Error);
  EXPECT_THROW(
      search_decision(std::vector<int32_t>(10, 2), world.probabilities, DecisionMetric::f1), Error);
  EXPECT_THROW(decision_metric("recall"), Error);
  EXPECT_EQ(decision_metric("mcc"), DecisionMetric::mcc);
}

}  // namespace querist::metrics
