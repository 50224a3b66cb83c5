// Rows of a node are put in the order of their ranks by counting, and one sweep tries every cut.
#include "learners/forest/tree_grower.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/interrupt.h"

namespace querist::learners {

static constexpr uint32_t nowhere = UINT32_MAX;

TreeGrower::TreeGrower(const GrowingRows& rows, const TreeSettings& settings)
    : rows_(rows), settings_(settings) {
  size_t most = 0;
  for (size_t j = 0; j < rows.columns.cols; ++j) most = std::max(most, rows.columns.distinct(j));
  counts_.assign(most, 0);
  present_.assign((most + 63) / 64, 0);
  number_of_class_.assign(rows.classes, -1);
  weight_.resize(rows.columns.rows);
  features_.resize(rows.columns.cols);
  constants_.resize(rows.columns.cols);
  for (auto* scratch : {&spare_, &node_ranks_, &node_labels_}) scratch->resize(rows.columns.rows);
  node_targets_.resize(rows.columns.rows);
  node_weights_.resize(rows.columns.rows);
  sorted_.resize(rows.columns.rows);
}

// Gathers what the sweeps read.
void TreeGrower::enter(const Node& node) {
  const size_t count = node.end - node.begin;
  const uint32_t* rows = order_.data() + node.begin;
  for (size_t i = 0; i < count; ++i) node_weights_[i] = weight_[rows[i]];
  if (settings_.task == Task::regression) {
    double sum = 0;
    double weight = 0;
    for (size_t i = 0; i < count; ++i) {
      sum += node_weights_[i] * static_cast<double>(rows_.targets[rows[i]]);
      weight += node_weights_[i];
    }
    node_mean_ = sum / weight;
    for (size_t i = 0; i < count; ++i)
      node_targets_[i] = static_cast<double>(rows_.targets[rows[i]]) - node_mean_;
    return;
  }
  for (const int32_t cls : node_classes_) number_of_class_[static_cast<size_t>(cls)] = -1;
  node_classes_.clear();
  totals_.clear();
  for (size_t i = 0; i < count; ++i) {
    const int32_t cls = rows_.labels[rows[i]];
    int32_t& number = number_of_class_[static_cast<size_t>(cls)];
    if (number < 0) {
      number = static_cast<int32_t>(node_classes_.size());
      node_classes_.push_back(cls);
      totals_.push_back(0);
    }
    node_labels_[i] = static_cast<uint32_t>(number);
    totals_[node_labels_[i]] += node_weights_[i];
  }
}

bool TreeGrower::pure(size_t count) const {
  if (settings_.task != Task::regression) return node_classes_.size() == 1;
  for (size_t i = 1; i < count; ++i)
    if (node_targets_[i] != node_targets_[0]) return false;
  return true;
}

// Reads the node's ranks in a column; false if they are all the same.
bool TreeGrower::read_ranks(size_t column, const Node& node) {
  const RankedColumns& columns = rows_.columns;
  if (columns.distinct(column) < 2) return false;
  const size_t count = node.end - node.begin;
  const uint32_t* rows = order_.data() + node.begin;
  if (!columns.sparse) {
    const uint32_t* ranks = columns.ranks.data() + column * columns.rows;
    for (size_t i = 0; i < count; ++i) node_ranks_[i] = ranks[rows[i]];
  } else {
    const uint32_t* first = columns.entry_rows.data() + columns.entry_starts[column];
    const uint32_t* last = columns.entry_rows.data() + columns.entry_starts[column + 1];
    const uint32_t* ranks = columns.entry_ranks.data() + columns.entry_starts[column];
    const auto entries = static_cast<size_t>(last - first);
    size_t found = 0;  // Entries of the node, kept in sorted_ until it is known that there are any.
    if (entries <= count * static_cast<size_t>(std::bit_width(entries))) {
      for (size_t e = 0; e < entries; ++e) {
        const size_t place = place_[first[e]];
        if (place >= node.begin && place < node.end)
          sorted_[found++] = {ranks[e], static_cast<uint32_t>(place - node.begin)};
      }
    } else {
      for (size_t i = 0; i < count; ++i) {
        const uint32_t* at = std::lower_bound(first, last, rows[i]);
        if (at < last && *at == rows[i])
          sorted_[found++] = {ranks[at - first], static_cast<uint32_t>(i)};
      }
    }
    if (found == 0) return false;
    std::fill_n(node_ranks_.begin(), count, columns.zero_ranks[column]);
    for (size_t e = 0; e < found; ++e) node_ranks_[sorted_[e].place] = sorted_[e].rank;
  }
  for (size_t i = 1; i < count; ++i)
    if (node_ranks_[i] != node_ranks_[0]) return true;
  return false;
}

// Fills sorted_ in the order of rank, then of place.
void TreeGrower::sort_ranks(size_t column, size_t count) {
  const size_t words = (rows_.columns.distinct(column) + 63) / 64;
  if (count < 24 || words > 4 * count) {  // Counting would look at more ranks than there are rows.
    keys_.resize(count);
    for (size_t i = 0; i < count; ++i) keys_[i] = uint64_t{node_ranks_[i]} << 32 | i;
    std::sort(keys_.begin(), keys_.end());
    for (size_t i = 0; i < count; ++i)
      sorted_[i] = {static_cast<uint32_t>(keys_[i] >> 32), static_cast<uint32_t>(keys_[i])};
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    const uint32_t rank = node_ranks_[i];
    present_[rank / 64] |= uint64_t{1} << rank % 64;
    ++counts_[rank];
  }
  uint32_t next = 0;
  for (size_t word = 0; word < words; ++word) {
    for (uint64_t bits = present_[word]; bits; bits &= bits - 1) {
      uint32_t& rows = counts_[word * 64 + static_cast<size_t>(std::countr_zero(bits))];
      next += rows;
      rows = next - rows;  // From here on: where the rank's next row goes.
    }
  }
  for (size_t i = 0; i < count; ++i)
    sorted_[counts_[node_ranks_[i]]++] = {node_ranks_[i], static_cast<uint32_t>(i)};
  for (size_t i = 0; i < count; ++i) counts_[node_ranks_[i]] = 0;
  std::fill_n(present_.begin(), words, 0);
}

// Gini impurity falls most where the sum of |left|²/w + |right|²/w of the class weights is largest.
void TreeGrower::sweep_classes(size_t count, size_t column, Split& best) {
  const size_t least = settings_.min_leaf_rows;
  left_.assign(totals_.size(), 0);
  right_ = totals_;
  double left_weight = 0;
  double right_weight = 0;
  double left_squares = 0;
  double right_squares = 0;
  for (const double total : totals_) {
    right_weight += total;
    right_squares += total * total;
  }
  for (size_t i = 0; i + 1 < count; ++i) {
    const Ranked at = sorted_[i];
    const uint32_t cls = node_labels_[at.place];
    const double weight = node_weights_[at.place];
    left_squares += weight * (2 * left_[cls] + weight);
    right_squares -= weight * (2 * right_[cls] - weight);
    left_[cls] += weight;
    right_[cls] -= weight;
    left_weight += weight;
    right_weight -= weight;
    const uint32_t next = sorted_[i + 1].rank;
    if (next == at.rank || i + 1 < least || count - i - 1 < least) continue;
    if (left_weight < least_weight_ || right_weight < least_weight_) continue;
    if (!(right_weight > 0)) continue;  // Weights so unequal that rounding ate the rest.
    const double score = left_squares / left_weight + right_squares / right_weight;
    if (score > best.score) best = {score, column, at.rank, next};
  }
}

// The squared error falls most where sum²/w of the left and the right are largest.
void TreeGrower::sweep_targets(size_t count, size_t column, Split& best) {
  const size_t least = settings_.min_leaf_rows;
  double left_weight = 0;
  double right_weight = 0;
  double left_sum = 0;
  double right_sum = 0;
  for (size_t i = 0; i < count; ++i) {
    right_weight += node_weights_[i];
    right_sum += node_weights_[i] * node_targets_[i];
  }
  for (size_t i = 0; i + 1 < count; ++i) {
    const Ranked at = sorted_[i];
    const double weight = node_weights_[at.place];
    const double moved = weight * node_targets_[at.place];
    left_weight += weight;
    right_weight -= weight;
    left_sum += moved;
    right_sum -= moved;
    const uint32_t next = sorted_[i + 1].rank;
    if (next == at.rank || i + 1 < least || count - i - 1 < least) continue;
    if (left_weight < least_weight_ || right_weight < least_weight_) continue;
    if (!(right_weight > 0)) continue;  // Weights so unequal that rounding ate the rest.
    const double score = left_sum * left_sum / left_weight + right_sum * right_sum / right_weight;
    if (score > best.score) best = {score, column, at.rank, next};
  }
}

// Draws columns until max_features were looked at and one of them was not constant. Columns found
// constant stay so further down and are kept at the front, so that no descendant reads them.
TreeGrower::Split TreeGrower::best_split(Node& node, Rng& rng) {
  const size_t count = node.end - node.begin;
  const size_t known = node.constants;
  Split best;
  size_t drawn = 0;  // Known constants drawn.
  size_t found = 0;  // Constants found here.
  size_t visited = 0;
  size_t end = features_.size();
  while (end > known + found && (visited < settings_.max_features || visited <= drawn + found)) {
    ++visited;
    size_t at = drawn + rng.below(end - found - drawn);
    if (at < known) {
      std::swap(features_[drawn++], features_[at]);
      continue;
    }
    at += found;
    if (!read_ranks(features_[at], node)) {
      std::swap(features_[at], features_[known + found++]);
      continue;
    }
    std::swap(features_[at], features_[--end]);
    sort_ranks(features_[end], count);
    if (settings_.task == Task::regression) {
      sweep_targets(count, features_[end], best);
    } else {
      sweep_classes(count, features_[end], best);
    }
  }
  std::copy_n(constants_.begin(), known, features_.begin());
  std::copy_n(features_.begin() + static_cast<std::ptrdiff_t>(known), found,
              constants_.begin() + static_cast<std::ptrdiff_t>(known));
  node.constants = known + found;
  return best;
}

// Rows that go left first, both sides in their order; returns where the right side begins.
size_t TreeGrower::partition(const Node& node, const Split& split) {
  read_ranks(split.column, node);
  size_t left = node.begin;
  size_t right = 0;
  for (size_t i = 0; i < node.end - node.begin; ++i) {
    const uint32_t row = order_[node.begin + i];
    if (node_ranks_[i] <= split.lower) {
      order_[left++] = row;
    } else {
      spare_[right++] = row;
    }
  }
  std::copy_n(spare_.begin(), right, order_.begin() + static_cast<std::ptrdiff_t>(left));
  if (rows_.columns.sparse)
    for (size_t i = node.begin; i < node.end; ++i) place_[order_[i]] = static_cast<uint32_t>(i);
  return left;
}

void TreeGrower::make_leaf(const Node& node, GrownTree& tree) {
  TreeNode& leaf = tree.nodes[node.number];
  leaf.threshold = std::numeric_limits<float>::infinity();
  leaf.left = node.number;
  leaf.payload = static_cast<uint32_t>(tree.leaf_starts.size() - 1);
  if (settings_.task == Task::regression) {
    tree.leaf_values.push_back(static_cast<float>(node_mean_));
  } else {
    const double sum = std::accumulate(totals_.begin(), totals_.end(), 0.0);
    for (size_t k = 0; k < totals_.size(); ++k) {
      tree.leaf_classes.push_back(node_classes_[k]);
      tree.leaf_values.push_back(static_cast<float>(totals_[k] / sum));
    }
  }
  tree.leaf_starts.push_back(static_cast<uint32_t>(tree.leaf_values.size()));
}

GrownTree TreeGrower::grow(std::span<const uint32_t> counts, Rng& rng) {
  order_.clear();
  double total = 0;
  if (rows_.columns.sparse) place_.assign(counts.size(), nowhere);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    weight_[i] = counts[i] * rows_.weights[i];
    total += weight_[i];
    if (rows_.columns.sparse) place_[i] = static_cast<uint32_t>(order_.size());
    order_.push_back(static_cast<uint32_t>(i));
  }
  least_weight_ = settings_.min_weight_fraction_leaf * total;
  std::iota(features_.begin(), features_.end(), size_t{0});
  GrownTree tree;
  tree.nodes.emplace_back();
  std::vector<Node> open = {{0, order_.size(), 0, 0, 0}};
  while (!open.empty()) {
    Node node = open.back();
    open.pop_back();
    check_interrupt();
    const size_t count = node.end - node.begin;
    enter(node);
    const bool last = (settings_.max_depth && node.depth >= settings_.max_depth) ||
                      count < 2 * settings_.min_leaf_rows || count < 2 || pure(count);
    const Split split = last ? Split() : best_split(node, rng);
    if (split.score < 0) {
      make_leaf(node, tree);
      continue;
    }
    const size_t middle = partition(node, split);
    const auto child = static_cast<uint32_t>(tree.nodes.size());
    const float threshold = rows_.columns.threshold(split.column, split.lower, split.upper);
    tree.nodes[node.number] = {threshold, static_cast<uint32_t>(split.column) & 0x7fffffffu,
                               threshold < 0, child, 0};
    tree.nodes.resize(tree.nodes.size() + 2);
    open.push_back({middle, node.end, child + 1, node.depth + 1, node.constants});
    open.push_back({node.begin, middle, child, node.depth + 1, node.constants});
  }
  return tree;
}

}  // namespace querist::learners
