// The choice against one made by hand from models of the folds, and the rules around it.
#include "loop/learner_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/threads.h"
#include "loop/signals.h"
#include "metrics/stratified_folds.h"

namespace querist::loop {
namespace {

struct Points {
  Matrix x;
  std::vector<int32_t> labels;
  size_t classes = 2;

  Dataset data() const {
    return {.features = x, .labels = labels, .weights = {}, .classes = classes};
  }
};

// Four squares of which those across from each other are of one class: no line parts them.
Points crossed(size_t rows, uint64_t seed) {
  Points points{.x = Matrix(rows, 3), .labels = {}};
  Rng rng(seed);
  for (size_t i = 0; i < rows; ++i) {
    for (float& value : points.x.row(i)) value = static_cast<float>(rng.uniform() - 0.5);
    points.labels.push_back((points.x.at(i, 0) > 0) != (points.x.at(i, 1) > 0));
  }
  return points;
}

// Labels drawn by a logistic model in many columns, where a straight line is the truth.
Points straight(size_t rows, uint64_t seed, size_t classes = 2) {
  Points points{.x = Matrix(rows, 12), .labels = {}, .classes = classes};
  Rng rng(seed);
  for (size_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (float& value : points.x.row(i)) sum += value = static_cast<float>(rng.normal());
    const auto bin = std::floor((sum + rng.normal()) / 3 + static_cast<double>(classes) / 2);
    points.labels.push_back(
        static_cast<int32_t>(std::clamp(bin, 0.0, static_cast<double>(classes) - 1)));
  }
  return points;
}

LearnerChoice choose(const Dataset& data, const Json& before = {}, std::string_view present = "",
                     uint64_t seed = 1) {
  return choose_learner(data, before, present, "none", seed, Progress());
}

std::string chosen(const LearnerChoice& choice) { return std::string(choice.learner.card->name); }

// Each row's loss under models of the other folds, by a loop of its own.
std::vector<double> losses_by_hand(const Dataset& data, std::string_view name, uint64_t seed) {
  const auto fold = metrics::stratified_folds(data.labels, data.classes, 5, mix_seed(seed, 2));
  const auto& learner = learners::find(name);
  std::vector<double> losses(data.labels.size());
  for (size_t f = 0; f < 5; ++f) {
    std::vector<int64_t> inside;
    Dataset part{.features = {}, .labels = {}, .weights = {}, .classes = data.classes};
    for (size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] == f) continue;
      inside.push_back(static_cast<int64_t>(i));
      part.labels.push_back(data.labels[i]);
    }
    const OwnedFeatures rows = take_rows(data.features, inside);
    part.features = rows.view();
    Matrix p;
    learners::train(learner, part, Params(learner.params), nullptr, mix_seed(mix_seed(seed, 2), f),
                    Progress())
        ->probabilities(data.features, p);
    for (size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] != f) continue;
      const double own = p.at(i, static_cast<size_t>(data.labels[i]));
      losses[i] = -std::log(std::max(own, 0.5 / static_cast<double>(fold.size())));
    }
  }
  return losses;
}

std::string choice_by_hand(const Dataset& data, std::string_view present, uint64_t seed,
                           const Json& candidates) {
  const std::vector<double> stays = losses_by_hand(data, present, seed);
  const auto n = static_cast<double>(stays.size());
  std::string best(present);
  double least = INFINITY;
  for (const Json& candidate : candidates) {
    const auto name = candidate["learner"].get<std::string>();
    if (candidate.contains("left_out") || name == present) continue;
    const std::vector<double> losses = losses_by_hand(data, name, seed);
    double sum = 0, gain = 0, squares = 0;
    for (size_t i = 0; i < losses.size(); ++i) {
      sum += losses[i];
      gain += (stays[i] - losses[i]) / n;
    }
    for (size_t i = 0; i < losses.size(); ++i) squares += std::pow(stays[i] - losses[i] - gain, 2);
    EXPECT_NEAR(candidate["log_loss"].get<double>(), sum / n, 1e-9) << name;
    if (gain > std::sqrt(squares / (n - 1) / n) && sum < least) {
      least = sum;
      best = name;
    }
  }
  return best;
}

}  // namespace

TEST(LearnerChoice, IsTheOneMadeByHand) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const size_t rows = 20 + 5 * seed;
    const Points points = seed % 3 == 0   ? crossed(rows, seed)
                          : seed % 3 == 1 ? straight(rows, seed)
                                          : straight(rows, seed, 4);
    const std::string present = seed % 2 ? "forest" : "logistic_regression";
    const LearnerChoice choice = choose(points.data(), {}, present, seed);
    ASSERT_TRUE(choice.is_fresh);
    EXPECT_EQ(chosen(choice),
              choice_by_hand(points.data(), present, seed, choice.record["candidates"]));
    ++seen[chosen(choice)];
  }
  EXPECT_GE(seen.size(), 2u) << "the shapes decide nothing";
}

TEST(LearnerChoice, LeavesTheLineWhereNoneParts) {
  const LearnerChoice choice = choose(crossed(120, 3).data());
  EXPECT_NE(chosen(choice), "logistic_regression");
  EXPECT_NE(choice.record["sentence"].get<std::string>().find("replaces logistic_regression"),
            std::string::npos);
  EXPECT_EQ(chosen(choose(straight(120, 3).data())), "logistic_regression");
}

TEST(LearnerChoice, LooksAgainOnceTheLabelsGrewByHalf) {
  const Points few = crossed(60, 5);
  const LearnerChoice first = choose(few.data());
  EXPECT_TRUE(first.is_fresh);
  EXPECT_EQ(first.record["labels"], 60);
  EXPECT_FALSE(choose(crossed(89, 5).data(), first.record).is_fresh);
  EXPECT_EQ(choose(straight(89, 5).data(), first.record).record, first.record);
  EXPECT_EQ(chosen(choose(straight(89, 5).data(), first.record)), chosen(first));
  EXPECT_TRUE(choose(crossed(90, 5).data(), first.record).is_fresh);
  EXPECT_TRUE(choose(straight(60, 5, 3).data(), first.record).is_fresh) << "another class";
}

TEST(LearnerChoice, WaitsForEnoughLabelsOfTwoClasses) {
  const LearnerChoice early = choose(crossed(19, 1).data());
  EXPECT_FALSE(early.is_fresh);
  EXPECT_EQ(chosen(early), "logistic_regression");
  EXPECT_TRUE(choose(crossed(20, 1).data(), early.record).is_fresh);
  Points one = crossed(40, 1);
  one.labels.assign(40, 1);
  EXPECT_FALSE(choose(one.data(), early.record).is_fresh);
  EXPECT_EQ(chosen(choose(crossed(19, 1).data(), {}, "forest")), "forest")
      << "the present one stays";
  EXPECT_EQ(chosen(choose(crossed(19, 1).data(), {}, "neural_head")), "logistic_regression");
}

TEST(LearnerChoice, AsksOnlyThoseThatTheFeaturesSuit) {
  const auto left_out = [](const Features& x) {
    std::vector<int32_t> labels;
    for (size_t i = 0; i < x.rows; ++i) labels.push_back(static_cast<int32_t>(i % 2));
    const Dataset data{.features = x, .labels = labels, .weights = {}, .classes = 2};
    std::vector<std::string> names;
    const Json record = choose(data).record;
    for (const Json& candidate : record["candidates"])
      if (candidate.contains("left_out")) names.push_back(candidate["learner"]);
    return names;
  };
  Csr counts{.cols = 4};
  for (int i = 0; i < 24; ++i) {
    counts.columns.push_back(i % 4);
    counts.values.push_back(1 + static_cast<float>(i % 3));
    counts.offsets.push_back(i + 1);
  }
  EXPECT_EQ(left_out(counts), std::vector<std::string>{"rbf_svm"});
  counts.values[3] = -1;
  EXPECT_EQ(left_out(counts), (std::vector<std::string>{"naive_bayes", "rbf_svm"}));
  EXPECT_EQ(left_out(crossed(24, 1).x), std::vector<std::string>{"naive_bayes"});
  const Matrix wide(24, 100'000);
  EXPECT_EQ(left_out(wide), (std::vector<std::string>{"naive_bayes", "gbdt"}))
      << "boosting 100,000 columns takes too long";
}

TEST(LearnerChoice, IsTheSameOnOneThreadAndOnTwo) {
  const Points points = crossed(90, 8);
  set_threads(1);
  const Json alone = choose(points.data()).record;
  set_threads(2);
  EXPECT_EQ(choose(points.data()).record, alone);
}

TEST(LearnerChoice, OfManyLabelsLooksAtAnEvenSample) {
  const Points points = straight(4500, 2);
  const Json record = choose(points.data()).record;
  EXPECT_EQ(record["labels"], 4500);
  EXPECT_NEAR(record["compared_labels"].get<double>(), 1500, 2);
}

TEST(LearnerChoice, StrategiesMustDoWithEveryCandidate) {
  EXPECT_NO_THROW(strategy_for("margin", "auto"));
  EXPECT_NO_THROW(strategy_for("bald", "forest"));
  try {
    strategy_for("arbiter(portfolio=(margin, bald))", "auto");
    FAIL() << "logistic regression has no members";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument);
    EXPECT_NE(std::string(error.what()).find("auto may come to"), std::string::npos);
  }
}

}  // namespace querist::loop
