// Near duplicates among rows in an order, by exact distances in blocks.
#include "strategies/herding/near_duplicates.h"

#include <algorithm>
#include <cmath>

#include "kernels/coverage_memory.h"

namespace querist::strategies {

static constexpr size_t block_rows = 256;    // Labelled rows at a time: bounds the scratch.
static constexpr float least_angle = 0.01f;  // 2 (1 - 0.995).

static bool is_near(float squared, float norm_a, float norm_b, float most) {
  return squared <= most && squared <= least_angle * std::sqrt(norm_a * norm_b);
}

std::vector<bool> near_duplicates(const Pool& pool, std::span<const int64_t> rows, float farthest) {
  std::vector<bool> repeated(rows.size(), false);
  if (rows.empty()) return repeated;
  const float most = farthest * farthest;
  const kernels::WideRows asked(pool.embeddings, rows);
  std::vector<float> squared;
  for (size_t from = 0; from < pool.labeled.size(); from += block_rows) {
    const auto part = pool.labeled.subspan(from, std::min(block_rows, pool.labeled.size() - from));
    const kernels::WideRows labeled(pool.embeddings, part);
    squared.resize(part.size() * rows.size());
    kernels::row_distances(labeled.panel(), asked.panel(), squared.data());
    for (size_t l = 0; l < part.size(); ++l) {
      for (size_t i = 0; i < rows.size(); ++i) {
        if (is_near(squared[l * rows.size() + i], labeled.norms[l], asked.norms[i], most))
          repeated[i] = true;
      }
    }
  }
  for (size_t from = 0; from < rows.size(); from += block_rows) {
    const auto part = rows.subspan(from, std::min(block_rows, rows.size() - from));
    const kernels::WideRows some(pool.embeddings, part);
    squared.resize(part.size() * rows.size());
    kernels::row_distances(some.panel(), asked.panel(), squared.data());
    for (size_t e = 0; e < part.size(); ++e) {
      if (repeated[from + e]) continue;
      for (size_t i = from + e + 1; i < rows.size(); ++i) {
        if (is_near(squared[e * rows.size() + i], some.norms[e], asked.norms[i], most))
          repeated[i] = true;
      }
    }
  }
  return repeated;
}

Selection distinct_picks(const Pool& pool, size_t batch_size, size_t available, float farthest,
                         const std::function<Selection(size_t count)>& first) {
  for (size_t count = std::min(batch_size, available);; count = std::min(available, 2 * count)) {
    const Selection order = first(count);
    const auto repeated = near_duplicates(pool, order.rows, farthest);
    const auto fresh = static_cast<size_t>(std::count(repeated.begin(), repeated.end(), false));
    if (fresh < batch_size && count < available) continue;
    Selection picks;
    for (const bool wanted : {false, true}) {
      for (size_t i = 0; i < order.rows.size() && picks.rows.size() < batch_size; ++i) {
        if (repeated[i] != wanted) continue;
        picks.rows.push_back(order.rows[i]);
        picks.utilities.push_back(order.utilities[i]);
      }
    }
    return picks;
  }
}

}  // namespace querist::strategies
