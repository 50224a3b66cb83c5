// Many binary trees over the same columns: how rows find their leaves. A forest's and a booster's.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "base/bytes.h"
#include "base/matrix.h"

namespace querist::learners {

// A leaf leads to itself whatever is compared, so that rows walk in step without asking.
struct TreeNode {
  float threshold = 0;  // A row goes left where its value is <= threshold; +infinity in a leaf.
  uint32_t column : 31 = 0;     // Place in TreeEnsemble::columns(); 0 in a leaf.
  uint32_t zero_right : 1 = 0;  // Where a value of 0 goes, whatever the threshold.
  uint32_t left = 0;            // Left child; the right one follows it. A leaf: itself.
  uint32_t payload = 0;         // What the owner keeps of a leaf.

  bool leaf() const { return !(threshold < std::numeric_limits<float>::infinity()); }
};

// Nodes of all trees in one vector; children come after their parent. Immutable once made.
class TreeEnsemble {
 public:
  TreeEnsemble() = default;
  // starts: the root of each tree, ascending from 0. Nodes name original columns, ascending from 0
  // to features - 1.
  TreeEnsemble(size_t features, std::vector<uint32_t> starts, std::vector<TreeNode> nodes);

  size_t features() const { return features_; }
  size_t trees() const { return starts_.size(); }
  const std::vector<TreeNode>& nodes() const { return nodes_; }
  // The columns that some node asks for, ascending.
  const std::vector<uint32_t>& columns() const { return columns_; }

  // Calls visit(begin, end, leaves) on blocks of rows, in parallel; leaves: (end - begin, trees)
  // node numbers, tree after tree: leaves[t * (end - begin) + i]. A row's leaves depend on it
  // alone.
  // Refuses another number of columns, and rows that hold a NaN in a column that is asked for.
  using Visit = std::function<void(size_t begin, size_t end, const uint32_t* leaves)>;
  void find_leaves(const Features& features, const Visit& visit) const;

  void write(ByteWriter& writer) const;
  // Refuses damaged bytes: afterwards every walk ends in a leaf of its own tree.
  static TreeEnsemble read(ByteReader& reader);

 private:
  void gather(const Features& features, size_t begin, size_t end, std::vector<float>& out) const;
  template <bool zeros_differ>
  void walk(const float* rows, size_t count, size_t tree, uint32_t* leaves) const;

  size_t features_ = 0;
  bool zeros_differ_ = false;  // Some node sends 0 elsewhere than its threshold does.
  std::vector<uint32_t> starts_;
  std::vector<TreeNode> nodes_;
  std::vector<uint32_t> depths_;  // Steps from each root to its deepest leaf.
  std::vector<uint32_t> columns_;
  std::vector<int32_t> place_;  // Of each original column in columns_, -1: nobody asks for it.
};

}  // namespace querist::learners
