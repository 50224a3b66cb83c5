// The predicted change of F against its definition, a peer, and truths that are enumerated.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/classification.h"
#include "stopping/parts/models_apart.h"
#include "stopping/rules_fixture.h"

namespace querist::stopping {

using Answers = std::vector<int32_t>;

static double f1(const Answers& truth, const Answers& given, size_t classes, size_t cls) {
  return metrics::class_scores(truth, given, classes)[cls].f1;
}

TEST(PredictedFChange, IsTheChangeOfFWhereTheNewerAnswersAreTheTruth) {
  Rng rng(6);
  for (int round = 0; round < 1000; ++round) {
    const size_t classes = 2 + rng.below(5);
    const double noise = rng.uniform();
    Answers before, after;
    for (size_t i = 0, size = 1 + rng.below(40); i < size; ++i) {
      before.push_back(static_cast<int32_t>(rng.below(classes)));
      after.push_back(rng.uniform() < noise ? static_cast<int32_t>(rng.below(classes))
                                            : before.back());
    }
    double sum = 0;
    const auto named = overlaps(before, after);
    for (const auto& [cls, count] : named) {
      // The newer one is right about every class, also about one that it never names.
      const double now = count.after > 0 ? f1(after, after, classes, static_cast<size_t>(cls)) : 1;
      sum += now - f1(after, before, classes, static_cast<size_t>(cls));
    }
    const double predicted = predicted_f_change(before, after);
    EXPECT_NEAR(predicted, sum / static_cast<double>(named.size()), 1e-12);
    EXPECT_LE(predicted, largest_f_change(before, after) + 1e-12);
  }
  EXPECT_EQ(predicted_f_change({}, {}), 0);
}

// Every truth of eight examples with every pair of answers of a coarse set: the prediction is one
// of the changes that can be, and never more than the largest of them.
TEST(PredictedFChange, LiesAmongTheChangesOfAllTruths) {
  const auto bits = [](int number) {
    Answers answers;
    for (int i = 0; i < 8; ++i) answers.push_back(number >> i & 1);
    return answers;
  };
  for (int a = 0; a < 256; a += 7) {
    for (int b = 1; b < 256; b += 5) {
      const auto overlap = overlaps(bits(a), bits(b)).at(1);
      const double predicted = 1 - 2 * overlap.both / (overlap.before + overlap.after);
      double largest = -1;
      double nearest = 1;
      for (int truth = 0; truth < 256; ++truth) {
        const double change = f1(bits(truth), bits(b), 2, 1) - f1(bits(truth), bits(a), 2, 1);
        largest = std::max(largest, change);
        nearest = std::min(nearest, std::abs(change - predicted));
      }
      ASSERT_LE(predicted, largest + 1e-12) << a << " " << b;
      ASSERT_NEAR(nearest, 0, 1e-12) << a << " " << b;
    }
  }
}

// small-text 1.4.1, DeltaFScore(2, window_size=3, threshold=0.05), over these answers: the changes
// of the positive class, and the step at which it stops. Both sides are float64.
TEST(PerformanceDifference, AgreesWithSmallText) {
  const auto answers = [](int step) {
    const double golden = (std::sqrt(5.0) - 1) / 2;
    Answers out;
    for (int i = 1; i <= 200; ++i) out.push_back(std::fmod(i * golden, 1) < 0.2 + 0.3 / (step + 1));
    return out;
  };
  const double changes[] = {0.1785714285714286,   0.078125,
                            0.04424778761061943,  0.02857142857142858,
                            0.00990099009900991,  0.020408163265306145,
                            0.010526315789473717, 0.010752688172043001};
  History history{.batch_size = 10};
  Params params(find("performance_difference").params);
  params.set("change", 0.05);
  params.set("distance", 0.0);
  std::optional<size_t> stopped;
  for (int step = 0; step < 9; ++step) {
    // The negatives change less than the positives do here, so that the mean over both classes
    // stops no later: what the peer counts is the positives' part.
    history.models.push_back({static_cast<size_t>(10 * (step + 1)), answers(step)});
    if (step > 0) {
      const Overlap positive = overlaps(answers(step - 1), answers(step)).at(1);
      EXPECT_NEAR(1 - 2 * positive.both / (positive.before + positive.after), changes[step - 1],
                  1e-12);
    }
    const bool met = decide(find("performance_difference"), history, params).met.value_or(false);
    if (met && !stopped) stopped = static_cast<size_t>(step);
  }
  EXPECT_EQ(stopped, 5u);  // The peer's step, too.
}

TEST(PerformanceDifference, LooksAtTheWorstOfTheLastSteps) {
  // Of 1,000 answers in two classes: 40 changed ones are 4 of 100 of F, and so on.
  History history{.models = {model(20, 40), model(40, 0), model(60, 4), model(80, 0)},
                  .batch_size = 20};
  Advice advice = ask("performance_difference", history);
  EXPECT_EQ(advice.verdict, Verdict::continue_);
  EXPECT_NEAR(advice.value, 0.04, 1e-4);  // The classes are not of exactly one size.
  EXPECT_EQ(advice.sentence,
            "If the newer answers are right, the last 60 labels gained at most 4.0 of 100 of mean "
            "F in each of 3 steps, not below the 2.");
  history.models.push_back(model(100, 6));
  advice = ask("performance_difference", history);
  EXPECT_EQ(advice.verdict, Verdict::stop);
  EXPECT_EQ(advice.sentence,
            "If the newer answers are right, the last 60 labels gained at most 0.6 of 100 of mean "
            "F in each of 3 steps, below the 2.");
  history.models.resize(3);
  EXPECT_FALSE(ask("performance_difference", history).met);
  EXPECT_FALSE(ask("performance_difference", {}).met);
}

TEST(PerformanceDifference, SeesARareClassAndNotOneAnswer) {
  // Half of the 20 answers of a rare class change with every step: 0.2 of 100 of all answers.
  History history{.batch_size = 20};
  for (size_t step = 0; step < 5; ++step) {
    ModelRecord record{.labels = 20 * (step + 1), .predictions = Answers(10'000)};
    for (size_t i = 0; i < 20; ++i) record.predictions[10 * step + i] = 1;
    history.models.push_back(record);
  }
  EXPECT_EQ(ask("classification_change", history).met, true);
  EXPECT_EQ(ask("performance_difference", history).met, false);
  EXPECT_NEAR(ask("performance_difference", history).value, 0.25, 1e-3);
  for (ModelRecord& record : history.models) record.predictions.assign(100, 1);
  EXPECT_EQ(ask("performance_difference", history).met, false);
}

}  // namespace querist::stopping
