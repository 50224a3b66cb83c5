// ActiveLab against cleanlab (tests/golden/active_lab.json), and what it must not depend on.
#include "consensus/active_lab/active_lab.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/threads.h"
#include "consensus/active_lab/work.h"

namespace querist::consensus {

static const Json& golden() {
  static const Json all = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/active_lab.json"));
  return all;
}

struct Case {
  size_t classes = 0;
  std::vector<int64_t> items;
  std::vector<int64_t> annotators;
  std::vector<int32_t> labels;
  std::vector<double> p;
  std::vector<double> unlabeled;

  Case() = default;
  explicit Case(const Json& one)
      : classes(one["classes"]),
        items(one["items"].get<std::vector<int64_t>>()),
        annotators(one["annotators"].get<std::vector<int64_t>>()),
        labels(one["labels"].get<std::vector<int32_t>>()),
        p(one["probabilities"].get<std::vector<double>>()),
        unlabeled(one["unlabeled_probabilities"].get<std::vector<double>>()) {}
  ActiveLab run(const ActiveLabOptions& options = {}) const {
    return active_lab({items, annotators, labels}, {p.size() / classes, classes, p.data()},
                      {unlabeled.size() / classes, classes, unlabeled.data()}, options);
  }
};

static void expect_near(const std::vector<double>& found, const Json& expected,
                        const std::string& name) {
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (size_t i = 0; i < found.size(); ++i) {
    // Sums of a few dozen numbers and exponentials: 1e-12 is some thousand units in the last place.
    EXPECT_NEAR(found[i], expected[i].get<double>(), 1e-12) << name << " " << i;
  }
}

TEST(ActiveLab, ScoresAsCleanlabDoes) {
  ASSERT_EQ(golden()["cases"].size(), 7u);
  for (const Json& one : golden()["cases"]) {
    const Case given(one);
    for (const char* way : {"as_cleanlab", "own_classes"}) {
      const std::string name = one["name"].get<std::string>() + " " + way;
      const Json& expected = one[way];
      const auto found = given.run({.as_cleanlab = std::string_view(way) == "as_cleanlab"});
      EXPECT_NEAR(found.temperature, expected["temperature"].get<double>(), 1e-12) << name;
      expect_near(found.scores, expected["scores"], name);
      expect_near(found.unlabeled_scores, expected["unlabeled_scores"], name);
    }
  }
}

TEST(ActiveLab, ScoresUnlabelledRowsAlone) {
  const Json& one = golden()["unlabeled_alone"];
  const auto rows = one["unlabeled_probabilities"].get<std::vector<double>>();
  const auto found = active_lab({}, {}, {rows.size() / 3, 3, rows.data()});
  expect_near(found.unlabeled_scores, one["unlabeled_scores"], "alone");
  EXPECT_TRUE(found.scores.empty());
  EXPECT_TRUE(active_lab({}, {}).scores.empty());
}

TEST(ActiveLab, DependsNeitherOnTheOrderOfAnswersNorOnThreads) {
  Case given(golden()["cases"][0]);
  const auto expected = given.run();
  std::vector<size_t> order(given.items.size());
  std::iota(order.begin(), order.end(), 0);
  Rng(1).shuffle(order);
  Case shuffled = given;
  for (size_t i = 0; i < order.size(); ++i) {
    shuffled.items[i] = given.items[order[i]];
    shuffled.annotators[i] = given.annotators[order[i]];
    shuffled.labels[i] = given.labels[order[i]];
  }
  EXPECT_EQ(shuffled.run().scores, expected.scores);

  Case large;  // Several blocks and chunks.
  large.classes = 3;
  Rng rng(2);
  for (int64_t i = 0; i < 5000; ++i) {
    for (int64_t a = 0; a < 3; ++a) {
      large.items.push_back(i);
      large.annotators.push_back((i * 7 + a) % 40);
      large.labels.push_back(static_cast<int32_t>(rng.below(3) * rng.below(2)));
    }
    const double p = rng.uniform();
    large.p.insert(large.p.end(), {p, (1 - p) / 2, (1 - p) / 2});
  }
  const auto many = large.run();
  set_threads(1);
  const auto one = large.run();
  set_threads(0);
  EXPECT_EQ(one.scores, many.scores);
  EXPECT_EQ(one.annotator_weights, many.annotator_weights);
}

TEST(ActiveLab, LeavesANumberThatNobodyBearsOutOfTheAverage) {
  Case given(golden()["cases"][0]);
  const auto expected = given.run();
  for (int64_t& a : given.annotators) a = 2 * a + 5;
  const auto found = given.run();
  EXPECT_EQ(found.scores, expected.scores);
  EXPECT_EQ(found.annotator_weights[5], expected.annotator_weights[0]);
  const double mean =
      std::accumulate(expected.annotator_weights.begin(), expected.annotator_weights.end(), 0.0) /
      static_cast<double>(expected.annotator_weights.size());
  EXPECT_EQ(found.annotator_weights[0], mean);
}

TEST(ActiveLab, TakesFloats) {
  const Case given(golden()["cases"][0]);
  Matrix floats(given.p.size() / given.classes, given.classes);
  std::copy(given.p.begin(), given.p.end(), floats.values.begin());
  const auto found = active_lab({given.items, given.annotators, given.labels}, MatrixView(floats));
  const auto expected = given.run();
  for (size_t i = 0; i < found.scores.size(); ++i) {
    // Float32 inputs are a share 6e-8 off; a temperature below 1 raises them to a power of 10.
    EXPECT_NEAR(found.scores[i], expected.scores[i], 1e-5) << i;
  }
}

TEST(ActiveLab, HoldsOneClassForCertain) {
  const std::vector<int64_t> items = {0, 0, 1};
  const std::vector<int64_t> annotators = {0, 1, 0};
  const std::vector<int32_t> labels = {0, 0, 0};
  const std::vector<double> p = {1, 1};
  const auto found = active_lab({items, annotators, labels}, {2, 1, p.data()}, {1, 1, p.data()});
  EXPECT_DOUBLE_EQ(found.scores[0], 1);
  EXPECT_DOUBLE_EQ(found.scores[1], 1);
  EXPECT_DOUBLE_EQ(found.unlabeled_scores[0], 1);
}

static void expect_refusal(const Case& given, std::string_view words,
                           const ActiveLabOptions& options = {}) {
  try {
    given.run(options);
    ADD_FAILURE() << "not refused: " << words;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  }
}

TEST(ActiveLab, RefusesWhatIsWrongByName) {
  const Case sound(golden()["cases"][0]);
  Case given = sound;
  given.labels[3] = 4;
  expect_refusal(given, "labels: number 3 is 4, not 0 to 3");
  given = sound;
  given.items[2] = -1;
  expect_refusal(given, "items: number 2");
  given = sound;
  given.annotators[2] = int64_t{1} << 40;
  expect_refusal(given, "annotators: number 2");
  given = sound;
  given.annotators.pop_back();
  expect_refusal(given, "an answer has one of each");
  given = sound;
  given.items.push_back(given.items[0]);
  given.annotators.push_back(given.annotators[0]);
  given.labels.push_back(0);
  expect_refusal(given, "twice");
  given = sound;
  given.p.insert(given.p.end(), {0.25, 0.25, 0.25, 0.25});
  expect_refusal(given, "item 80 has no label");
  given = sound;
  given.p[9] = std::numeric_limits<double>::quiet_NaN();
  expect_refusal(given, "probabilities: row 2 holds a NaN");
  given.p[9] = std::numeric_limits<double>::infinity();
  expect_refusal(given, "probabilities: row 2 holds");
  given = sound;
  given.unlabeled[0] += 0.5;
  expect_refusal(given, "unlabeled_probabilities: row 0");
  expect_refusal(sound, "temperature", {.temperature = 0});
}

TEST(ActiveLab, GivesAnUnlabelledRowThatHoldsNaNNoScore) {
  Case given(golden()["cases"][0]);
  const auto expected = given.run();
  given.unlabeled[given.classes] = std::numeric_limits<double>::quiet_NaN();
  const auto found = given.run();
  EXPECT_TRUE(std::isnan(found.unlabeled_scores[1]));
  EXPECT_EQ(found.unlabeled_scores[2], expected.unlabeled_scores[2]);
  EXPECT_EQ(choose_work({}, found.unlabeled_scores, 100).size(),
            expected.unlabeled_scores.size() - 1);
}

TEST(Work, IsTheLowestScoresOfBothKinds) {
  const std::vector<double> scores = {0.5, 0.2, 0.9, 0.2};
  const std::vector<double> rows = {0.2, std::numeric_limits<double>::quiet_NaN(), 0.1};
  const auto work = choose_work(scores, rows, 5);
  ASSERT_EQ(work.size(), 5u);
  const std::vector<std::pair<bool, int64_t>> expected = {
      {false, 2}, {true, 1}, {true, 3}, {false, 0}, {true, 0}};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(std::pair(work[i].relabel, work[i].row), expected[i]) << i;
  }
  EXPECT_EQ(choose_work(scores, rows, 99).size(), 6u);
  EXPECT_TRUE(choose_work({}, {}, 3).empty());
}

TEST(Work, GoesToTheBestAnnotatorWhoHasNotLabelledTheItem) {
  const std::vector<double> weights = {0.3, 0.9, 0.5, 0.5};
  const std::vector<int64_t> everyone = {3, 2, 1, 0};
  const std::vector<int32_t> best = {1};
  const std::vector<int32_t> all = {0, 1, 2, 3};
  EXPECT_EQ(whom_to_ask({}, everyone, weights), 1);
  EXPECT_EQ(whom_to_ask(best, everyone, weights), 2);  // A tie goes to the lower number.
  EXPECT_EQ(whom_to_ask(all, everyone, weights), std::nullopt);
  const std::vector<int64_t> with_new = {0, 7, 2};
  EXPECT_EQ(whom_to_ask({}, with_new, weights), 7);  // A new one weighs the mean, 0.55.
  EXPECT_EQ(whom_to_ask({}, {}, weights), std::nullopt);
  const std::vector<int64_t> negative = {-1};
  EXPECT_THROW(whom_to_ask({}, negative, weights), Error);
}

}  // namespace querist::consensus
