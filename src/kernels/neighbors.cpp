// A block of rows at a time meets all the others; a small heap keeps the k least scores of each.
#include "kernels/neighbors.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/bfloat16_filter.h"
#include "kernels/center_panels.h"

namespace querist::kernels {

using Entry = std::pair<float, size_t>;

// The k entries of least score, in no order; ties go to the lower index.
static void least(std::span<const float> scores, size_t self, size_t k, std::vector<Entry>& heap) {
  heap.clear();
  float bound = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < scores.size(); ++i) {
    const bool is_full = heap.size() == k;
    if (i == self || (is_full && scores[i] >= bound)) continue;
    if (is_full) {
      std::pop_heap(heap.begin(), heap.end());
      heap.back() = {scores[i], i};
    } else {
      heap.emplace_back(scores[i], i);
    }
    std::push_heap(heap.begin(), heap.end());
    bound = heap.front().first;
  }
}

static constexpr size_t step = 96;  // Rows of a block.

// The table under construction, and what it is made from.
struct Table {
  const Features& x;
  std::span<const int64_t> rows;
  const Matrix& values;
  const CenterPanels& panels;
  NeighborLists& found;

  // The row at a place among `rows` meets the k nearest, whose places `nearest(0)`, … gives.
  template <class Nearest>
  void put(size_t at, const Nearest& nearest, std::vector<Entry>& order) {
    order.clear();
    for (size_t j = 0; j < found.k; ++j) {
      const size_t other = nearest(j);
      order.emplace_back(squared_distance(x, rows[other], values.row(at)), other);
    }
    std::sort(order.begin(), order.end());
    for (size_t j = 0; j < found.k; ++j) {
      found.squared[at * found.k + j] = order[j].first;
      found.indices[at * found.k + j] = static_cast<int32_t>(order[j].second);
    }
  }
};

// What a thread needs for one block of rows after the other.
struct BlockWork {
  std::vector<float> scores;
  std::vector<Entry> heap;
  std::vector<Entry> order;
  std::vector<float> moved;
  std::vector<int64_t> rows;
  Bfloat16Filter::Work filter;
};

// By the float32 products of the rows at some places, up to a block of them.
static void score_block(Table& table, std::span<const size_t> places, BlockWork& work) {
  const size_t padded = table.panels.padded();
  work.rows.clear();
  for (const size_t at : places) work.rows.push_back(table.rows[at]);
  work.scores.resize(std::max(work.scores.size(), places.size() * padded));
  center_scores(table.x, work.rows, table.panels,
                std::span(work.scores).first(places.size() * padded));
  for (size_t i = 0; i < places.size(); ++i) {
    least({work.scores.data() + i * padded, table.rows.size()}, places[i], table.found.k,
          work.heap);
    table.put(
        places[i], [&](size_t j) { return work.heap[j].second; }, work.order);
  }
}

// By a filter; says which places that leaves open.
static std::vector<size_t> filter_block(Table& table, const Bfloat16Filter& filter, size_t from,
                                        size_t n, BlockWork& work) {
  work.moved.resize(step * table.x.cols);
  moved_rows(table.x, table.rows.subspan(from, n), table.panels, work.moved);
  filter.nearest(work.moved.data(), n, table.found.k, from, work.filter);
  std::vector<size_t> open;
  for (size_t i = 0; i < n; ++i) {
    const Bfloat16Filter::Search& search = work.filter.rows[i];
    if (search.is_open) {
      open.push_back(from + i);
    } else {
      table.put(
          from + i, [&](size_t j) { return static_cast<size_t>(search.found[j].center); },
          work.order);
    }
  }
  return open;
}

NeighborLists neighbor_lists(const Features& x, std::span<const int64_t> rows, size_t k) {
  constexpr size_t tried = 960;
  const size_t m = rows.size();
  k = std::min(k, m ? m - 1 : 0);
  NeighborLists found{k, std::vector<int32_t>(m * k), std::vector<float>(m * k)};
  if (k == 0) return found;
  const Matrix values = dense_rows(x, rows);
  const CenterPanels panels(values);
  std::optional<Bfloat16Filter> filter;
  if (Bfloat16Filter::pays(m, panels, k)) filter.emplace(panels, step);
  Table table{x, rows, values, panels, found};
  std::atomic<size_t> seen = 0;
  std::atomic<size_t> left = 0;
  parallel_for((m + step - 1) / step, 1, [&](size_t begin, size_t end) {
    BlockWork work;
    for (size_t from = begin * step; from < std::min(end * step, m); from += step) {
      check_interrupt();
      const size_t n = std::min(step, m - from);
      std::vector<size_t> open;
      if (filter && (seen < tried || left <= seen / 4)) {
        open = filter_block(table, *filter, from, n, work);
        left += open.size();
        seen += n;
      } else {
        open.resize(n);
        std::iota(open.begin(), open.end(), from);
      }
      if (!open.empty()) score_block(table, open, work);
    }
  });
  return found;
}

Matrix neighbor_table(const Features& x, std::span<const int64_t> rows, size_t k) {
  const NeighborLists lists = neighbor_lists(x, rows, k);
  Matrix table(rows.size(), lists.k);
  for (size_t i = 0; i < table.values.size(); ++i) table.values[i] = std::sqrt(lists.squared[i]);
  return table;
}

}  // namespace querist::kernels
