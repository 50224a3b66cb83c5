// Rows walk a tree eight at a time: each step waits for memory, and the waits overlap.
#include "learners/trees/tree_ensemble.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "base/threads.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

// Rows that stay in cache while a tree passes, as many as that allows: every block of them fetches
// all trees anew.
static size_t tile_rows(size_t width, size_t trees) {
  return std::clamp(std::min((size_t{1} << 15) / width, (size_t{1} << 18) / (trees + 1)), size_t{8},
                    size_t{1024});
}

TreeEnsemble::TreeEnsemble(size_t features, std::vector<uint32_t> starts,
                           std::vector<TreeNode> nodes)
    : features_(features), starts_(std::move(starts)), nodes_(std::move(nodes)) {
  place_.assign(features_, -1);
  for (const TreeNode& node : nodes_)
    if (!node.leaf()) place_[node.column] = 0;
  for (size_t j = 0; j < features_; ++j) {
    if (place_[j] < 0) continue;
    place_[j] = static_cast<int32_t>(columns_.size());
    columns_.push_back(static_cast<uint32_t>(j));
  }
  // Leaves read the first value of a row, so there must be one.
  if (columns_.empty()) {
    columns_.push_back(0);
    place_[0] = 0;
  }
  for (const TreeNode& node : nodes_)
    zeros_differ_ = zeros_differ_ || (!node.leaf() && node.zero_right != (node.threshold < 0));
  for (TreeNode& node : nodes_)
    node.column = node.leaf() ? 0 : static_cast<uint32_t>(place_[node.column]) & 0x7fffffffu;
  std::vector<uint32_t> heights(nodes_.size());
  for (size_t i = nodes_.size(); i-- > 0;) {
    if (nodes_[i].leaf()) continue;
    heights[i] = 1 + std::max(heights[nodes_[i].left], heights[nodes_[i].left + 1]);
  }
  for (const uint32_t start : starts_) depths_.push_back(heights[start]);
}

// Rows [begin, end) of the columns that are asked for.
void TreeEnsemble::gather(const Features& features, size_t begin, size_t end,
                          std::vector<float>& out) const {
  const size_t width = columns_.size();
  out.resize((end - begin) * width);
  std::vector<float> wide(features.kind == Features::Kind::half ? features.cols : 0);
  for (size_t i = begin; i < end; ++i) {
    float* row = out.data() + (i - begin) * width;
    if (features.kind == Features::Kind::sparse) {
      std::fill(row, row + width, 0.0f);
      const CsrView& x = features.sparse;
      for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
        const int32_t to = place_[static_cast<size_t>(x.columns[at])];
        if (to >= 0) row[to] = x.values[at];
      }
    } else {
      const float* from = features.dense + i * features.cols;
      if (features.kind == Features::Kind::half) {
        kernels::widen_halves(features.half + i * features.cols, features.cols, wide.data());
        from = wide.data();
      }
      for (size_t j = 0; j < width; ++j) row[j] = from[columns_[j]];
    }
    for (size_t j = 0; j < width; ++j)
      if (std::isnan(row[j])) refuse("row {} holds a NaN in column {}", i, columns_[j]);
  }
}

template <bool zeros_differ>
void TreeEnsemble::walk(const float* rows, size_t count, size_t tree, uint32_t* leaves) const {
  constexpr size_t lanes = 8;
  const TreeNode* nodes = nodes_.data();
  const size_t width = columns_.size();
  const auto step = [&](uint32_t at, const float* row) {
    const TreeNode& node = nodes[at];
    const float value = row[node.column];
    const uint32_t right = value > node.threshold ? 1 : 0;
    if constexpr (zeros_differ) {
      const uint32_t zero = value == 0 ? 1 : 0;
      return node.left + (right ^ (zero & (right ^ node.zero_right)));  // No jumps to guess.
    }
    return node.left + right;
  };
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    uint32_t at[lanes];
    std::fill(at, at + lanes, starts_[tree]);
    for (uint32_t depth = 0; depth < depths_[tree]; ++depth) {
      uint32_t moved = 0;
      for (size_t k = 0; k < lanes; ++k) {
        const uint32_t next = step(at[k], rows + (i + k) * width);
        moved |= next ^ at[k];
        at[k] = next;
      }
      if (moved == 0) break;
    }
    std::copy(at, at + lanes, leaves + i);
  }
  for (; i < count; ++i) {
    uint32_t at = starts_[tree];
    while (!nodes[at].leaf()) at = step(at, rows + i * width);
    leaves[i] = at;
  }
}

void TreeEnsemble::find_leaves(const Features& features, const Visit& visit) const {
  if (features.cols != features_) {
    refuse("the model expects {} columns of features, not {}", features_, features.cols);
  }
  const size_t tile = tile_rows(columns_.size(), trees());
  parallel_for(features.rows, std::min(tile, size_t{64}), [&](size_t begin, size_t end) {
    std::vector<float> rows;
    std::vector<uint32_t> leaves;
    for (size_t from = begin; from < end; from += tile) {
      const size_t to = std::min(end, from + tile);
      gather(features, from, to, rows);
      leaves.resize((to - from) * trees());
      for (size_t t = 0; t < trees(); ++t) {
        uint32_t* own = leaves.data() + t * (to - from);
        if (zeros_differ_) {
          walk<true>(rows.data(), to - from, t, own);
        } else {
          walk<false>(rows.data(), to - from, t, own);
        }
      }
      visit(from, to, leaves.data());
    }
  });
}

void TreeEnsemble::write(ByteWriter& writer) const {
  std::vector<float> thresholds;
  std::vector<uint32_t> columns;
  std::vector<uint32_t> lefts;
  std::vector<uint32_t> payloads;
  for (const TreeNode& node : nodes_) {
    thresholds.push_back(node.threshold);
    columns.push_back(node.leaf() ? 0 : columns_[node.column] << 1 | node.zero_right);
    lefts.push_back(node.left);
    payloads.push_back(node.payload);
  }
  writer.put<uint64_t>(features_);
  writer.put(starts_);
  writer.put(thresholds);
  writer.put(columns);
  writer.put(lefts);
  writer.put(payloads);
}

TreeEnsemble TreeEnsemble::read(ByteReader& reader) {
  const auto features = reader.number<uint64_t>();
  auto starts = reader.vector<uint32_t>();
  const auto thresholds = reader.vector<float>();
  const auto columns = reader.vector<uint32_t>();
  const auto lefts = reader.vector<uint32_t>();
  const auto payloads = reader.vector<uint32_t>();
  const size_t count = thresholds.size();
  const auto decode = [&](size_t i) {
    return TreeNode{thresholds[i], columns[i] >> 1, columns[i] & 1, lefts[i], payloads[i]};
  };
  bool sound = features > 0 && features <= limits::max_features && !starts.empty() &&
               starts[0] == 0 && columns.size() == count && lefts.size() == count &&
               payloads.size() == count;
  for (size_t t = 0; sound && t < starts.size(); ++t) {
    const size_t end = t + 1 < starts.size() ? starts[t + 1] : count;
    sound = starts[t] < end && end <= count;
    for (size_t i = starts[t]; sound && i < end; ++i) {
      const TreeNode node = decode(i);
      if (std::isnan(node.threshold)) {
        sound = false;
      } else if (node.leaf()) {
        sound = node.left == i && columns[i] == 0;
      } else {
        sound = node.column < features && node.left > i && size_t{node.left} + 1 < end;
      }
    }
  }
  if (!sound) refuse("the stored model is damaged");
  std::vector<TreeNode> nodes(count);
  for (size_t i = 0; i < count; ++i) nodes[i] = decode(i);
  return {features, std::move(starts), std::move(nodes)};
}

}  // namespace querist::learners
