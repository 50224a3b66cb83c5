// Forests: every split against a search over all of them, out-of-bag answers against the bags, and
// what the settings do.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "learners/fit_for_tests.h"
#include "learners/forest/forest_model.h"

namespace querist::learners {

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& values = {},
                                  uint64_t seed = 0) {
  return fit_learner("forest", data, values, seed);
}

static const ForestModel& as_forest(const Model& model) {
  return dynamic_cast<const ForestModel&>(model);
}

namespace {

// A small world with many ties, zeros and negative numbers.
struct World {
  Matrix x;
  Dataset data;

  World(size_t rows, size_t cols, Task task, bool weighted, Rng& rng) : x(rows, cols) {
    const auto levels = static_cast<double>(2 + rng.below(2 * rows));
    for (float& value : x.values)
      value = static_cast<float>(std::floor(levels * rng.uniform()) - std::floor(levels / 3));
    data.task = task;
    data.features = x;
    data.classes = task == Task::regression ? 0 : 4;
    for (size_t i = 0; i < rows; ++i) {
      if (task == Task::regression) {
        data.targets.push_back(static_cast<float>(1000 + std::floor(5 * rng.normal())));
      } else {
        data.labels.push_back(static_cast<int32_t>(rng.below(4)));
      }
      if (weighted) data.weights.push_back(static_cast<float>(0.1 + rng.uniform()));
    }
  }
  double weight(size_t row) const { return data.weights.empty() ? 1 : data.weights[row]; }

  // Weighted impurity of some rows, by the definition: their weight times the Gini impurity, or the
  // sum of weighted squared differences from their mean.
  double impurity(const std::vector<size_t>& rows) const {
    double sum = 0;
    double loss = 0;
    for (const size_t i : rows) sum += weight(i);
    if (data.task == Task::regression) {
      double mean = 0;
      for (const size_t i : rows) mean += weight(i) * static_cast<double>(data.targets[i]) / sum;
      for (const size_t i : rows) {
        const double gap = static_cast<double>(data.targets[i]) - mean;
        loss += weight(i) * gap * gap;
      }
      return loss;
    }
    loss = sum;
    for (int32_t cls = 0; cls < 4; ++cls) {
      double own = 0;
      for (const size_t i : rows) own += data.labels[i] == cls ? weight(i) : 0;
      loss -= own * own / sum;
    }
    return loss;
  }

  std::pair<std::vector<size_t>, std::vector<size_t>> cut(const std::vector<size_t>& rows,
                                                          size_t column, float threshold) const {
    std::pair<std::vector<size_t>, std::vector<size_t>> sides;
    for (const size_t i : rows)
      (x.at(i, column) <= threshold ? sides.first : sides.second).push_back(i);
    return sides;
  }

  // The least impurity of both sides over every column and every value to cut after; nothing where
  // no cut leaves `least` rows on either side.
  std::optional<double> least_impurity(const std::vector<size_t>& rows, size_t least) const {
    std::optional<double> best;
    for (size_t j = 0; j < x.cols; ++j) {
      for (const size_t at : rows) {
        const auto [left, right] = cut(rows, j, x.at(at, j));
        if (left.size() < least || right.size() < least) continue;
        const double found = impurity(left) + impurity(right);
        if (!best || found < *best) best = found;
      }
    }
    return best;
  }
};

}  // namespace

// Walks the only tree of a forest and holds each node against the definition.
static void expect_best_splits(const World& world, const ForestModel& model, size_t least) {
  const TreeEnsemble& trees = model.trees();
  struct Open {
    uint32_t node;
    std::vector<size_t> rows;
  };
  std::vector<size_t> everything(world.x.rows);
  std::iota(everything.begin(), everything.end(), size_t{0});
  std::vector<Open> open = {{0, everything}};
  while (!open.empty()) {
    const Open here = open.back();
    open.pop_back();
    const TreeNode& node = trees.nodes()[here.node];
    const auto best = world.least_impurity(here.rows, least);
    const double impurity = world.impurity(here.rows);
    if (node.leaf()) {
      // Pure, or nothing to cut. Sums of a few dozen numbers near 1000: double keeps 1e-9.
      EXPECT_TRUE(impurity < 1e-9 || !best) << impurity;
      continue;
    }
    ASSERT_TRUE(best);
    const size_t column = trees.columns()[node.column];
    const auto [left, right] = world.cut(here.rows, column, node.threshold);
    ASSERT_GE(left.size(), least);
    ASSERT_GE(right.size(), least);
    ASSERT_NEAR(world.impurity(left) + world.impurity(right), *best, 1e-8);
    // The cut lies in the middle of the gap, as CART has it.
    float low = -INFINITY;
    float high = INFINITY;
    for (const size_t i : left) low = std::max(low, world.x.at(i, column));
    for (const size_t i : right) high = std::min(high, world.x.at(i, column));
    ASSERT_EQ(node.threshold, (low + high) / 2);
    open.push_back({node.left, left});
    open.push_back({node.left + 1, right});
  }
}

TEST(Forest, TakesTheBestSplitOfAllInEveryNode) {
  Rng rng(1);
  for (int round = 0; round < 240; ++round) {
    const Task task = round % 2 ? Task::regression : Task::classification;
    // The larger ones have nodes that are ordered by counting, the smaller ones by sorting.
    const size_t rows = round % 12 == 0 ? 60 : 2 + rng.below(20);
    World world(rows, 1 + rng.below(4), task, round % 3 == 0, rng);
    const Csr sparse = to_sparse(world.x);
    if (round % 4 < 2) world.data.features = sparse;
    const size_t least = round % 5 == 0 ? 2 : 1;
    const auto model = fit(world.data, {{"trees", 1.0},
                                        {"bootstrap", false},
                                        {"max_features", static_cast<double>(world.x.cols)},
                                        {"min_leaf_rows", static_cast<double>(least)}});
    expect_best_splits(world, as_forest(*model), least);
    if (testing::Test::HasFailure()) FAIL() << "round " << round;
  }
}

TEST(Forest, OfOneTreeSaysTheSharesOfTheRowsInTheLeaf) {
  Rng rng(2);
  for (int round = 0; round < 40; ++round) {
    World world(30, 2, Task::classification, true, rng);
    const auto model = fit(world.data, {{"trees", 1.0}, {"bootstrap", false}, {"max_depth", 1.0}});
    const TreeNode& root = as_forest(*model).trees().nodes()[0];
    if (root.leaf()) continue;
    std::vector<size_t> all(30);
    std::iota(all.begin(), all.end(), size_t{0});
    const auto [left, right] =
        world.cut(all, as_forest(*model).trees().columns()[root.column], root.threshold);
    Matrix out;
    model->probabilities(world.x, out);
    for (const auto& side : {left, right}) {
      double sum = 0;
      double own = 0;
      for (const size_t i : side) sum += world.weight(i);
      for (const size_t i : side) own += world.data.labels[i] == 2 ? world.weight(i) : 0;
      // Shares are kept as floats.
      for (const size_t i : side) EXPECT_NEAR(out.at(i, 2), own / sum, 1e-6);
    }
  }
}

TEST(Forest, GrowsTheSameTreesOnDenseHalfAndSparseRows) {
  Rng rng(3);
  for (const Task task : {Task::classification, Task::regression}) {
    World world(200, 12, task, false, rng);
    const auto dense = fit(world.data, {{"trees", 10.0}});
    std::vector<uint16_t> half;
    for (const float value : world.x.values) half.push_back(float_to_half(value));
    const Csr sparse = to_sparse(world.x);
    for (const Features& features : {Features(sparse), Features::of_half(200, 12, half.data())}) {
      world.data.features = features;
      EXPECT_EQ(fit(world.data, {{"trees", 10.0}})->save(), dense->save());
    }
  }
}

// Every leaf holds its share of the weight, and no node that could be split so is left whole.
TEST(Forest, LeavesHoldTheirShareOfTheWeight) {
  Rng rng(12);
  for (const Task task : {Task::classification, Task::regression}) {
    const World world(80, 3, task, true, rng);
    double total = 0;
    for (size_t i = 0; i < 80; ++i) total += world.weight(i);
    size_t leaves = 0;
    for (const double share : {0.0, 0.1, 0.3}) {
      const auto model = fit(world.data, {{"trees", 1.0},
                                          {"bootstrap", false},
                                          {"max_features", 3.0},
                                          {"min_weight_fraction_leaf", share}});
      std::vector<uint32_t> leaf_of(80);  // Blocks of rows come on several threads.
      as_forest(*model).trees().find_leaves(
          world.x, [&](size_t begin, size_t end, const uint32_t* found) {
            std::copy(found, found + (end - begin),
                      leaf_of.begin() + static_cast<std::ptrdiff_t>(begin));
          });
      std::map<uint32_t, double> held;
      for (size_t i = 0; i < 80; ++i) held[leaf_of[i]] += world.weight(i);
      for (const auto& [leaf, weight] : held) EXPECT_GE(weight, share * total * (1 - 1e-9));
      if (share > 0) {
        EXPECT_LT(held.size(), leaves);
      }
      EXPECT_GT(held.size(), 1u);
      leaves = held.size();
    }
  }
}

TEST(Forest, AsksOutOfBagOnlyTreesThatDidNotSeeTheRow) {
  Rng rng(4);
  for (const Task task : {Task::classification, Task::regression}) {
    const World world(40, 3, task, false, rng);
    const auto model = fit(world.data, {{"trees", 12.0}}, 9);
    const Matrix found = as_forest(*model).out_of_bag(world.x);
    const bool regression = task == Task::regression;
    Matrix members;
    regression ? model->member_predictions(world.x, members)
               : model->member_probabilities(world.x, members);
    const ForestSettings settings = {.task = task, .seed = 9};
    Matrix sums(40, found.cols);
    std::vector<float> trees(40);
    for (size_t t = 0; t < 12; ++t) {
      Rng of_tree = tree_rng(settings, t);
      const auto bag = draw_bag(settings, 40, of_tree);
      EXPECT_EQ(std::accumulate(bag.begin(), bag.end(), 0u), 40u);
      for (size_t i = 0; i < 40; ++i) {
        if (bag[i]) continue;
        ++trees[i];
        for (size_t k = 0; k < found.cols; ++k)
          sums.at(i, k) += regression ? members.at(t, i) : members.at(t * 40 + i, k);
      }
    }
    for (size_t i = 0; i < 40; ++i) {
      for (size_t k = 0; k < found.cols; ++k) {
        if (trees[i] == 0) {
          EXPECT_TRUE(std::isnan(found.at(i, k)));
        } else {  // Twelve floats near 1000 were added.
          EXPECT_NEAR(found.at(i, k), sums.at(i, k) / trees[i], regression ? 1e-2 : 1e-5);
        }
      }
    }
  }
}

TEST(Forest, OutOfBagGuessesNoiseAtChance) {
  // Labels without a pattern: a forest knows its own rows by heart, and out of bag it is at chance.
  Rng rng(5);
  World world(400, 4, Task::classification, false, rng);
  for (float& value : world.x.values) value = static_cast<float>(rng.normal());
  const auto model = fit(world.data);
  Matrix in_bag;
  model->probabilities(world.x, in_bag);
  const Matrix out = as_forest(*model).out_of_bag(world.x);
  const auto right = [&](const Matrix& said) {
    int count = 0;
    for (size_t i = 0; i < 400; ++i) {
      const auto row = said.row(i);
      count += std::max_element(row.begin(), row.end()) - row.begin() == world.data.labels[i];
    }
    return count;
  };
  EXPECT_GT(right(in_bag), 390);
  // One of four: 100, with a standard deviation of 8.7; five of them either way.
  EXPECT_NEAR(right(out), 100, 45);
}

TEST(Forest, CountsVotesWhereAsked) {
  Rng rng(6);
  const World world(60, 3, Task::classification, false, rng);
  const auto model =
      fit(world.data, {{"trees", 8.0}, {"probability", "votes"}, {"max_depth", 2.0}});
  Matrix out;
  Matrix members;
  model->probabilities(world.x, out);
  model->member_probabilities(world.x, members);
  for (const float p : members.values) EXPECT_TRUE(p == 0 || p == 1);
  for (const float p : out.values) EXPECT_EQ(p * 8, std::round(p * 8));
}

TEST(Forest, KeepsToItsDepthAndLooksBeyondConstantColumns) {
  Rng rng(7);
  World world(100, 50, Task::classification, false, rng);
  // One column tells the classes apart, all others are constant: each node must find it.
  for (size_t i = 0; i < 100; ++i) {
    for (size_t j = 0; j < 50; ++j)
      world.x.at(i, j) = j == 33 ? static_cast<float>(world.data.labels[i]) : 2.5f;
  }
  const auto model = fit(world.data, {{"trees", 5.0}, {"max_features", 1.0}});
  Matrix out;
  model->probabilities(world.x, out);
  for (size_t i = 0; i < 100; ++i)
    EXPECT_EQ(out.at(i, static_cast<size_t>(world.data.labels[i])), 1);
  const auto stump = fit(world.data, {{"trees", 3.0}, {"max_depth", 1.0}});
  EXPECT_EQ(as_forest(*stump).trees().nodes().size(), 9u);  // A root and two leaves each.
}

}  // namespace querist::learners
