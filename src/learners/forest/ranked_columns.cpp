// Columns are ranked in groups that share cache lines of the rows.
#include "learners/forest/ranked_columns.h"

#include <algorithm>
#include <bit>

#include "base/threads.h"
#include "learners/rows/entries.h"

namespace querist::learners {

// Unsigned numbers in the order of the floats; -0 counts as 0.
static uint64_t ordered_bits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value + 0.0f);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

// Ranks of `count` values, 4 bytes apart; returns the distinct values.
static std::vector<float> rank(const float* values, size_t count, std::vector<uint64_t>& keys,
                               uint32_t* ranks) {
  keys.resize(count);
  for (size_t i = 0; i < count; ++i) keys[i] = ordered_bits(values[i]) << 32 | i;
  std::sort(keys.begin(), keys.end());
  std::vector<float> distinct;
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<uint32_t>(keys[i]);
    if (i == 0 || keys[i] >> 32 != keys[i - 1] >> 32) distinct.push_back(values[at] + 0.0f);
    ranks[at] = static_cast<uint32_t>(distinct.size() - 1);
  }
  return distinct;
}

static void rank_dense(const Features& x, RankedColumns& out,
                       std::vector<std::vector<float>>& values) {
  constexpr size_t group = 16;
  out.ranks.resize(x.rows * x.cols);
  parallel_for((x.cols + group - 1) / group, 1, [&](size_t begin, size_t end) {
    std::vector<uint64_t> keys;
    std::vector<float> block(group * x.rows);
    for (size_t g = begin; g < end; ++g) {
      const size_t first = g * group;
      const size_t count = std::min(group, x.cols - first);
      for (size_t i = 0; i < x.rows; ++i) {
        for (size_t j = 0; j < count; ++j) {
          const size_t at = i * x.cols + first + j;
          block[j * x.rows + i] =
              x.kind == Features::Kind::dense ? x.dense[at] : half_to_float(x.half[at]);
        }
      }
      for (size_t j = 0; j < count; ++j) {
        uint32_t* ranks = out.ranks.data() + (first + j) * x.rows;
        values[first + j] = rank(block.data() + j * x.rows, x.rows, keys, ranks);
      }
    }
  });
}

static void rank_sparse(const Features& x, RankedColumns& out,
                        std::vector<std::vector<float>>& values) {
  out.entry_starts.assign(x.cols + 1, 0);
  for (size_t i = 0; i < x.rows; ++i)
    for_each_entry(x, i, [&](size_t column, float) { ++out.entry_starts[column + 1]; });
  for (size_t j = 0; j < x.cols; ++j) out.entry_starts[j + 1] += out.entry_starts[j];
  out.entry_rows.resize(out.entry_starts.back());
  out.entry_ranks.resize(out.entry_rows.size());
  out.zero_ranks.assign(x.cols, 0);
  std::vector<float> entries(out.entry_rows.size());
  std::vector<size_t> next(out.entry_starts.begin(), out.entry_starts.end() - 1);
  for (size_t i = 0; i < x.rows; ++i) {
    for_each_entry(x, i, [&](size_t column, float value) {
      out.entry_rows[next[column]] = static_cast<uint32_t>(i);
      entries[next[column]++] = value;
    });
  }
  parallel_for(x.cols, 64, [&](size_t begin, size_t end) {
    std::vector<uint64_t> keys;
    for (size_t j = begin; j < end; ++j) {
      const size_t first = out.entry_starts[j];
      const size_t count = out.entry_starts[j + 1] - first;
      uint32_t* ranks = out.entry_ranks.data() + first;
      values[j] = rank(entries.data() + first, count, keys, ranks);
      if (count == x.rows) continue;  // No zeros.
      const auto zero = std::lower_bound(values[j].begin(), values[j].end(), 0.0f);
      out.zero_ranks[j] = static_cast<uint32_t>(zero - values[j].begin());
      values[j].insert(zero, 0.0f);
      for (size_t i = 0; i < count; ++i) ranks[i] += ranks[i] >= out.zero_ranks[j];
    }
  });
}

RankedColumns rank_columns(const Features& features) {
  RankedColumns out;
  out.rows = features.rows;
  out.cols = features.cols;
  out.sparse = features.kind == Features::Kind::sparse;
  std::vector<std::vector<float>> values(out.cols);
  if (out.sparse) {
    rank_sparse(features, out, values);
  } else {
    rank_dense(features, out, values);
  }
  out.value_starts.push_back(0);
  for (std::vector<float>& distinct : values) {
    out.values.insert(out.values.end(), distinct.begin(), distinct.end());
    out.value_starts.push_back(out.values.size());
    distinct = {};
  }
  return out;
}

float RankedColumns::threshold(size_t column, uint32_t lower, uint32_t upper) const {
  const float low = values[value_starts[column] + lower];
  const float high = values[value_starts[column] + upper];
  const auto middle =
      static_cast<float>((static_cast<double>(low) + static_cast<double>(high)) / 2);
  return middle < high ? middle : low;
}

}  // namespace querist::learners
