// A block of rows at a time meets all the others; a small heap keeps the k least scores of each.
#include "kernels/neighbors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
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

Matrix neighbor_table(const Features& x, std::span<const int64_t> rows, size_t k) {
  constexpr size_t step = 96;
  const size_t m = rows.size();
  k = std::min(k, m ? m - 1 : 0);
  Matrix found(m, k);
  if (k == 0) return found;
  const Matrix values = dense_rows(x, rows);
  const CenterPanels panels(values);
  parallel_for((m + step - 1) / step, 1, [&](size_t begin, size_t end) {
    std::vector<float> scores(step * panels.padded());
    std::vector<Entry> heap;
    for (size_t from = begin * step; from < std::min(end * step, m); from += step) {
      check_interrupt();
      const size_t n = std::min(step, m - from);
      center_scores(x, rows.subspan(from, n), panels, std::span(scores).first(n * panels.padded()));
      for (size_t i = 0; i < n; ++i) {
        least({scores.data() + i * panels.padded(), m}, from + i, k, heap);
        const auto out = found.row(from + i);
        for (size_t j = 0; j < k; ++j) {
          out[j] = std::sqrt(squared_distance(x, rows[heap[j].second], values.row(from + i)));
        }
        std::sort(out.begin(), out.end());
      }
    }
  });
  return found;
}

}  // namespace querist::kernels
