// The kernel is never stored: a gain reads one candidate's distances, and the lazy queue asks for
// few gains again.
#include "kernels/coverage.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/coverage_rows.h"
#include "kernels/row_distances.h"

namespace querist::kernels {

std::vector<float> neighbor_distances(const Matrix& rows, size_t k, size_t most) {
  static constexpr size_t block_rows = 128;
  std::vector<float> out(std::min(rows.rows, most), 0);
  if (rows.rows < 2) return out;
  k = std::clamp<size_t>(k, 1, rows.rows - 1);
  const auto norms = row_norms(rows);
  const DistancePanel all = {rows, norms};
  std::vector<float> block;
  for (size_t begin = 0; begin < out.size(); begin += block_rows) {
    const size_t count = std::min(block_rows, out.size() - begin);
    block.resize(count * rows.rows);
    const MatrixView queries = {count, rows.cols, rows.row(begin).data()};
    row_distances({queries, std::span(norms).subspan(begin, count)}, all, block.data());
    parallel_for(count, 16, [&](size_t first, size_t last) {
      for (size_t i = first; i < last; ++i) {
        float* row = block.data() + i * rows.rows;
        row[begin + i] = -1;  // A row is not its own neighbour.
        std::nth_element(row, row + k, row + rows.rows);
        out[begin + i] = std::sqrt(row[k]);
      }
    });
  }
  return out;
}

std::vector<CoveragePick> greedy_coverage(const CoverageTask& task, size_t count,
                                          CoverageMemory& memory) {
  QUERIST_CHECK(task.kernel.similarity == Similarity::gaussian);
  QUERIST_CHECK(task.weights.size() == task.targets.size());
  QUERIST_CHECK(task.costs.empty() || task.costs.size() == task.candidates.size());
  count = std::min(count, task.candidates.size());
  const float gamma = task.kernel.value;
  memory.look_at(task.x, task.targets);
  std::vector<float> best(task.targets.size(), 0);
  cover(memory.nearest_labeled(task.labeled), gamma, best);
  const auto distances = memory.to_targets(task.candidates);
  const auto gain_of = [&](size_t candidate) {
    const float cost = task.costs.empty() ? 1 : task.costs[candidate];
    return coverage_gain({distances[candidate], best.size()}, gamma, task.weights, best) / cost;
  };
  std::vector<float> gains(distances.size());
  parallel_for(gains.size(), 32, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) gains[i] = gain_of(i);
  });
  struct Bound {
    float gain;
    size_t candidate;
    size_t picks_seen;  // The gain is exact if no pick came after it was computed.
    bool operator<(const Bound& other) const {
      return gain != other.gain ? gain < other.gain : candidate > other.candidate;
    }
  };
  std::priority_queue<Bound> queue;
  for (size_t i = 0; i < gains.size(); ++i) queue.push({gains[i], i, 0});

  std::vector<CoveragePick> picks;
  while (picks.size() < count) {
    Bound top = queue.top();
    queue.pop();
    if (top.picks_seen !=
        picks.size()) {  // Gains only shrink, so a stale bound is still an upper bound.
      top.gain = gain_of(top.candidate);
      top.picks_seen = picks.size();
      queue.push(top);
      continue;
    }
    picks.push_back({top.candidate, static_cast<double>(top.gain)});
    cover({distances[top.candidate], best.size()}, gamma, best);
  }
  memory.trim();
  return picks;
}

}  // namespace querist::kernels
