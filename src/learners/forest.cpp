// Random forest (Breiman 2001): trees grown on bags of rows, each split on the best of a few
// columns drawn at random.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "learners/forest/forest_model.h"
#include "learners/forest/tree_grower.h"
#include "learners/learner.h"
#include "learners/rows/row_weights.h"

namespace querist::learners {

static size_t columns_drawn(const Dataset& data, int64_t given) {
  const auto cols = static_cast<double>(data.features.cols);
  if (given > 0) return std::min(data.features.cols, static_cast<size_t>(given));
  const double drawn = data.task == Task::regression ? cols / 3 : std::sqrt(cols);
  return std::max<size_t>(1, static_cast<size_t>(drawn));
}

// Joins the trees, their numbers shifted behind each other.
static std::unique_ptr<Model> plant(const ForestSettings& settings, const Dataset& data,
                                    std::vector<int32_t> seen, std::vector<GrownTree>& grown) {
  std::vector<uint32_t> starts;
  std::vector<TreeNode> nodes;
  ForestLeaves leaves;
  for (GrownTree& tree : grown) {
    const auto first = static_cast<uint32_t>(nodes.size());
    const auto first_leaf = static_cast<uint32_t>(leaves.starts.size() - 1);
    const auto first_value = static_cast<uint32_t>(leaves.values.size());
    if (nodes.size() + tree.nodes.size() > UINT32_MAX ||
        leaves.values.size() + tree.leaf_values.size() > UINT32_MAX)
      refuse("the forest would have more than 4 billion nodes: give fewer trees");
    starts.push_back(first);
    for (TreeNode node : tree.nodes) {
      node.left += first;
      if (node.leaf()) node.payload += first_leaf;
      nodes.push_back(node);
    }
    for (size_t i = 1; i < tree.leaf_starts.size(); ++i)
      leaves.starts.push_back(first_value + tree.leaf_starts[i]);
    leaves.classes.insert(leaves.classes.end(), tree.leaf_classes.begin(), tree.leaf_classes.end());
    leaves.values.insert(leaves.values.end(), tree.leaf_values.begin(), tree.leaf_values.end());
    tree = {};
  }
  return std::make_unique<ForestModel>(
      settings, data.features.rows, std::move(seen),
      TreeEnsemble(data.features.cols, std::move(starts), std::move(nodes)), std::move(leaves));
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params, const Model*,
                                    uint64_t seed, const Progress& progress) {
  const bool regression = data.task == Task::regression;
  const ForestSettings settings = {
      .task = data.task,
      .classes = regression ? 0 : data.classes,
      .seed = seed,
      .bootstrap = params.flag("bootstrap"),
      .votes = params.text("probability") == "votes",
  };
  const TreeSettings shape = {
      .task = data.task,
      .max_features = columns_drawn(data, params.integer("max_features")),
      .max_depth = static_cast<size_t>(params.integer("max_depth")),
      .min_leaf_rows = static_cast<size_t>(params.integer("min_leaf_rows")),
      .min_weight_fraction_leaf = params.number("min_weight_fraction_leaf"),
  };
  progress.check();
  const RankedColumns columns = rank_columns(data.features);
  const std::vector<double> weights = row_weights(data, params.text("class_weight") == "balanced");
  std::vector<int32_t> seen;
  std::vector<int32_t> labels(regression ? 0 : data.features.rows);
  if (!regression) {
    seen = seen_classes(data);
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto at = std::lower_bound(seen.begin(), seen.end(), data.labels[i]);
      labels[i] = static_cast<int32_t>(at - seen.begin());
    }
  }
  const GrowingRows rows = {columns, seen.size(), labels, data.targets, weights};
  std::vector<GrownTree> grown(static_cast<size_t>(params.integer("trees")));
  parallel_for(grown.size(), 1, [&](size_t begin, size_t end) {
    TreeGrower grower(rows, shape);
    for (size_t t = begin; t < end; ++t) {
      progress.check();
      Rng rng = tree_rng(settings, t);
      const std::vector<uint32_t> bag = draw_bag(settings, data.features.rows, rng);
      grown[t] = grower.grow(bag, rng);
    }
  });
  return plant(settings, data, std::move(seen), grown);
}

Learner forest() {
  return {
      .name = "forest",
      .summary =
          "Random forest: many trees on bags of the labels, its members a committee; needs "
          "no scaling of columns. A warm start has no effect.",
      .params = {{.name = "trees",
                  .fallback = 100,
                  .min = 1,
                  .max = 10'000,
                  .whole = true,
                  .help = "Trees, and so members of the committee."},
                 {.name = "max_features",
                  .fallback = 0,
                  .min = 0,
                  .max = 1e7,
                  .whole = true,
                  .help = "Columns drawn for each split; 0: the square root of their number, for "
                          "regression a third of them.",
                  .automatic = true},
                 {.name = "max_depth",
                  .fallback = 0,
                  .min = 0,
                  .max = 10'000,
                  .whole = true,
                  .help = "Most splits above a leaf; 0: no limit.",
                  .automatic = true},
                 {.name = "min_leaf_rows",
                  .fallback = 1,
                  .min = 1,
                  .max = 1e6,
                  .whole = true,
                  .help = "Fewest different rows in a leaf."},
                 {.name = "min_weight_fraction_leaf",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 0.5,
                  .help = "Least share of the rows' weight in a leaf."},
                 {.name = "bootstrap",
                  .fallback = true,
                  .help = "Grow each tree on as many rows drawn with replacement, not on all."},
                 {.name = "probability",
                  .fallback = "leaves",
                  .choices = {"leaves", "votes"},
                  .help = "A tree says the shares of the classes in its leaf (leaves), or its "
                          "likeliest class alone (votes)."},
                 {.name = "class_weight",
                  .fallback = "none",
                  .choices = {"none", "balanced"},
                  .help = "Weigh classes equally (balanced) or as they come (none)."}},
      .train = train,
      .load = load_forest,
      .source = "Breiman 2001",
      .gives = Signal::probabilities | Signal::member_probabilities | Signal::predictions |
               Signal::member_predictions,
      .tasks = {Task::classification, Task::regression},
      .trees = true,
  };
}

}  // namespace querist::learners
