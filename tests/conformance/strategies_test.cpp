// What every registered strategy must hold to, whatever it chooses by.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/threads.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// A pool with everything any card may ask for.
struct World {
  static constexpr size_t members = 3;
  Matrix probabilities;
  Matrix embeddings;
  std::vector<float> member_probabilities;
  std::vector<float> predictions;
  Matrix member_predictions;
  std::vector<int64_t> candidates;
  std::vector<int64_t> labeled;
  std::vector<int32_t> labels;
  std::vector<float> targets;
  Matrix label_matrix;
  std::vector<float> costs;
  std::vector<int32_t> groups;
  size_t classes;

  World(size_t size, size_t class_count, size_t labels_wanted, uint64_t seed = 7)
      : probabilities(size, class_count), embeddings(size, 6), classes(class_count) {
    Rng rng(seed);
    for (float& v : embeddings.values) v = static_cast<float>(rng.normal());
    draw_probabilities(probabilities, rng);
    for (size_t m = 0; m < members; ++m) {
      Matrix member(size, classes);
      draw_probabilities(member, rng);
      member_probabilities.insert(member_probabilities.end(), member.values.begin(),
                                  member.values.end());
    }
    member_predictions = Matrix(members, size);
    for (float& v : member_predictions.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < size; ++i) {
      predictions.push_back(static_cast<float>(rng.normal()));
      groups.push_back(static_cast<int32_t>(i % 4));
    }
    for (size_t i = 0; i < size; ++i) {
      const bool is_labeled = i % 3 == 0 && labeled.size() < labels_wanted;
      (is_labeled ? labeled : candidates).push_back(static_cast<int64_t>(i));
      if (is_labeled) labels.push_back(static_cast<int32_t>(rng.below(classes)));
    }
    label_matrix = Matrix(labeled.size(), classes);
    for (float& v : label_matrix.values) v = static_cast<float>(rng.below(2));
    for (size_t i = 0; i < labeled.size(); ++i) targets.push_back(static_cast<float>(rng.normal()));
  }
  static void draw_probabilities(Matrix& out, Rng& rng) {
    for (size_t i = 0; i < out.rows; ++i) {
      double sum = 0;
      for (float& p : out.row(i)) sum += p = static_cast<float>(-std::log(1 - rng.uniform()));
      for (float& p : out.row(i)) p = static_cast<float>(p / sum);
    }
  }
  Pool pool() const {
    Pool pool{embeddings.rows, classes, candidates, labeled, labels, probabilities, embeddings};
    pool.member_probabilities = {members, embeddings.rows, classes, member_probabilities.data()};
    pool.predictions = predictions;
    pool.member_predictions = member_predictions;
    pool.targets = targets;
    pool.label_matrix = label_matrix;
    pool.costs = costs;
    pool.groups = groups;
    return pool;
  }
};

class EveryStrategy : public testing::TestWithParam<QueryStrategy> {
 protected:
  Selection choose(const Pool& pool, size_t batch_size, uint64_t seed = 1) {
    return select_batch(GetParam(), pool, batch_size, Params(GetParam().params), seed);
  }
  static void expect_valid(const Selection& selection, const Pool& pool, size_t expected) {
    EXPECT_EQ(selection.rows.size(), expected);
    EXPECT_EQ(selection.utilities.size(), expected);
    EXPECT_EQ(selection.propensities.size(), expected);
    EXPECT_EQ(std::set<int64_t>(selection.rows.begin(), selection.rows.end()).size(), expected);
    for (const int64_t row : selection.rows) {
      EXPECT_TRUE(std::binary_search(pool.candidates.begin(), pool.candidates.end(), row)) << row;
    }
    for (const float p : selection.propensities) EXPECT_TRUE(p > 0 && p <= 1) << p;
    for (const double u : selection.utilities) EXPECT_FALSE(std::isnan(u));
  }
};

TEST_P(EveryStrategy, IsNamedAsItsFile) {
  const std::string file =
      std::string(QUERIST_SOURCE_DIR) + "/src/strategies/" + std::string(GetParam().name) + ".cpp";
  EXPECT_TRUE(std::ifstream(file).good()) << file;
  EXPECT_FALSE(GetParam().summary.empty());
}

TEST_P(EveryStrategy, ChoosesAsManyAsAskedWithoutRepeats) {
  const World world(90, 4, 12);
  for (const size_t batch : {1, 7, 30})
    expect_valid(choose(world.pool(), batch), world.pool(), batch);
}

TEST_P(EveryStrategy, TakesWhatThereIsWhenLessThanABatchIsLeft) {
  const World world(9, 3, 3);
  expect_valid(choose(world.pool(), 50), world.pool(), 6);
}

TEST_P(EveryStrategy, AnswersAnEmptyPoolWithNothing) {
  World world(5, 2, 0);
  world.candidates.clear();
  expect_valid(choose(world.pool(), 3), world.pool(), 0);
}

TEST_P(EveryStrategy, RepeatsItselfForOneSeedOnAnyNumberOfThreads) {
  const World world(200, 3, 20);
  const Selection first = choose(world.pool(), 15, 5);
  set_threads(1);
  const Selection second = choose(world.pool(), 15, 5);
  set_threads(0);
  EXPECT_EQ(first.rows, second.rows);
  EXPECT_EQ(first.utilities, second.utilities);
}

TEST_P(EveryStrategy, WorksWithOneClassAndWithNoLabels) {
  const World one_class(40, 1, 5);
  expect_valid(choose(one_class.pool(), 4), one_class.pool(), 4);
  const World no_labels(40, 3, 0);
  expect_valid(choose(no_labels.pool(), 4), no_labels.pool(), 4);
}

TEST_P(EveryStrategy, WorksBeforeThereIsAModel) {
  const World world(40, 3, 0);
  Pool pool = world.pool();
  pool.probabilities = {};
  pool.member_probabilities = {};
  pool.predictions = {};
  pool.member_predictions = {};
  expect_valid(choose(pool, 6), pool, 6);
}

TEST_P(EveryStrategy, WorksOnIdenticalExamples) {
  World world(30, 2, 4);
  std::fill(world.embeddings.values.begin(), world.embeddings.values.end(), 0.5f);
  std::fill(world.probabilities.values.begin(), world.probabilities.values.end(), 0.5f);
  expect_valid(choose(world.pool(), 8), world.pool(), 8);
}

// Every signal of a world by name, so that one test breaks each in turn.
struct NamedSignal {
  Signal signal;
  std::string_view name;
  std::span<float> (*values)(World& world);
};

static const NamedSignal signals[] = {
    {Signal::probabilities, "probabilities",
     [](World& w) { return std::span(w.probabilities.values); }},
    {Signal::embeddings, "embeddings", [](World& w) { return std::span(w.embeddings.values); }},
    {Signal::member_probabilities, "member_probabilities",
     [](World& w) { return std::span(w.member_probabilities); }},
    {Signal::predictions, "predictions", [](World& w) { return std::span(w.predictions); }},
    {Signal::member_predictions, "member_predictions",
     [](World& w) { return std::span(w.member_predictions.values); }},
};

TEST_P(EveryStrategy, RefusesInfiniteNumbersNamingTheSignal) {
  for (const NamedSignal& signal : signals) {
    if (!has(GetParam().needs | GetParam().reads, signal.signal)) continue;
    World world(20, 2, 4);
    signal.values(world)[3] = std::numeric_limits<float>::infinity();
    try {
      choose(world.pool(), 2);
      ADD_FAILURE() << signal.name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(signal.name), std::string::npos) << error.what();
    }
  }
}

TEST_P(EveryStrategy, NeverPicksARowThatHoldsNaN) {
  for (const NamedSignal& signal : signals) {
    if (!has(GetParam().needs | GetParam().reads, signal.signal)) continue;
    World world(20, 2, 4);
    const auto values = signal.values(world);
    const size_t per_row =
        signal.signal == Signal::embeddings ? world.embeddings.cols
        : signal.signal == Signal::probabilities || signal.signal == Signal::member_probabilities
            ? world.classes
            : 1;
    values[7 * per_row] = std::numeric_limits<float>::quiet_NaN();  // Row 7 is a candidate.
    const auto selection = choose(world.pool(), 20);
    std::erase(world.candidates, 7);
    expect_valid(selection, world.pool(), world.candidates.size());
    values[0] = std::numeric_limits<float>::quiet_NaN();  // Row 0 is labelled.
    EXPECT_THROW(choose(world.pool(), 2), Error) << signal.name;
  }
}

TEST_P(EveryStrategy, SaysWhichSignalIsMissing) {
  const World world(20, 2, 4);
  for (const NamedSignal& signal : signals) {
    if (!has(GetParam().needs, signal.signal)) continue;
    Pool pool = world.pool();
    if (signal.signal == Signal::probabilities) pool.probabilities = {};
    if (signal.signal == Signal::embeddings) pool.embeddings = {};
    if (signal.signal == Signal::member_probabilities) pool.member_probabilities = {};
    if (signal.signal == Signal::predictions) pool.predictions = {};
    if (signal.signal == Signal::member_predictions) pool.member_predictions = {};
    EXPECT_EQ(signal_names(missing_signals(GetParam(), pool)), signal.name);
    if (GetParam().handles_no_model && signal.signal == Signal::probabilities) continue;
    EXPECT_THROW(choose(pool, 2), Error) << signal.name;
  }
}

TEST_P(EveryStrategy, HonoursCosts) {
  World world(60, 3, 9);
  world.costs.assign(60, 1.0f);
  const auto even = choose(world.pool(), 10);
  world.costs.assign(60, 2.0f);
  EXPECT_EQ(choose(world.pool(), 10).rows, even.rows);  // A price that all share changes nothing.
  world.costs.assign(60, 1.0f);
  for (size_t i = 30; i < 60; ++i) world.costs[i] = 1e6f;
  const auto cheap = choose(world.pool(), 5);
  expect_valid(cheap, world.pool(), 5);
  if (GetParam().name == "random") return;  // Uniform whatever it costs.
  for (const int64_t row : cheap.rows) EXPECT_LT(row, 30) << GetParam().name;
  world.costs[3] = 0;
  EXPECT_THROW(choose(world.pool(), 5), Error);
}

TEST_P(EveryStrategy, RefusesRowsThatAreWrong) {
  World world(20, 2, 4);
  world.candidates.push_back(20);
  EXPECT_THROW(choose(world.pool(), 2), Error);
  World overlapping(20, 2, 4);
  overlapping.candidates.insert(overlapping.candidates.begin(), overlapping.labeled[0]);
  std::sort(overlapping.candidates.begin(), overlapping.candidates.end());
  EXPECT_THROW(choose(overlapping.pool(), 2), Error);
}

INSTANTIATE_TEST_SUITE_P(Registered, EveryStrategy, testing::ValuesIn(all()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace querist::strategies
