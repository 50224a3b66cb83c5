// Grows one CART tree (Breiman et al. 1984): every node takes the exact best split of the columns
// it draws.
#pragma once

#include <span>
#include <vector>

#include "base/rng.h"
#include "data/task.h"
#include "learners/forest/ranked_columns.h"
#include "learners/trees/tree_ensemble.h"

namespace querist::learners {

struct TreeSettings {
  Task task = Task::classification;
  size_t max_features = 1;  // Columns that a node draws; more until one is not constant.
  size_t max_depth = 0;     // 0: no limit.
  size_t min_leaf_rows = 1;
  double min_weight_fraction_leaf = 0;  // Of the weight of the tree's rows.
};

// Rows to grow on; labels number the seen classes.
struct GrowingRows {
  const RankedColumns& columns;
  size_t classes;
  std::span<const int32_t> labels;
  std::span<const float> targets;
  std::span<const double> weights;
};

// Nodes name original columns and count from this tree's root; a leaf's payload is its number.
struct GrownTree {
  std::vector<TreeNode> nodes;
  // Classification: the shares of the classes in each leaf; classes that it lacks are left out.
  std::vector<uint32_t> leaf_starts = {0};
  std::vector<int32_t> leaf_classes;
  std::vector<float> leaf_values;  // A share each; regression: the mean of each leaf.
};

class TreeGrower {
 public:
  TreeGrower(const GrowingRows& rows, const TreeSettings& settings);

  // counts: how often each row is taken; 0 leaves it out. At least one is not 0.
  GrownTree grow(std::span<const uint32_t> counts, Rng& rng);

 private:
  struct Node {
    size_t begin, end;  // Of order_.
    uint32_t number;    // In the tree.
    size_t depth;
    size_t constants;  // Columns known to be constant here.
  };
  struct Split {
    double score = -1;  // Larger is better; below 0: none found.
    size_t column = 0;
    uint32_t lower = 0;  // Ranks next to each other in the node: rows up to lower go left.
    uint32_t upper = 0;
  };
  struct Ranked {
    uint32_t rank;
    uint32_t place;
  };

  void enter(const Node& node);
  bool pure(size_t count) const;
  bool read_ranks(size_t column, const Node& node);
  void sort_ranks(size_t column, size_t count);
  void sweep_classes(size_t count, size_t column, Split& best);
  void sweep_targets(size_t count, size_t column, Split& best);
  Split best_split(Node& node, Rng& rng);
  size_t partition(const Node& node, const Split& split);
  void make_leaf(const Node& node, GrownTree& tree);

  const GrowingRows rows_;
  const TreeSettings settings_;
  std::vector<uint32_t> order_;  // The tree's rows; each node has a range of it.
  std::vector<uint32_t> spare_;
  std::vector<double> weight_;     // Of each row in this tree.
  std::vector<uint32_t> place_;    // Sparse: where each row lies in order_.
  std::vector<size_t> features_;   // Columns: those known to be constant first.
  std::vector<size_t> constants_;  // Those in the order in which they were found.
  // Of the node at hand, by place:
  std::vector<uint32_t> node_ranks_;
  std::vector<uint32_t> node_labels_;  // Numbers of node_classes_.
  std::vector<double> node_targets_;   // Less the node's mean.
  std::vector<double> node_weights_;
  std::vector<int32_t> node_classes_;
  std::vector<double> totals_, left_, right_;  // Weight of each of node_classes_.
  std::vector<int32_t> number_of_class_;
  double node_mean_ = 0;
  double least_weight_ = 0;  // Of a leaf.
  std::vector<Ranked> sorted_;
  std::vector<uint64_t> keys_, present_;  // present_: a bit a rank.
  std::vector<uint32_t> counts_;          // Rows of each rank.
};

}  // namespace querist::learners
