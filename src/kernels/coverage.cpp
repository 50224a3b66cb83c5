// The kernel matrix is one blocked matrix product and one exponential; the lazy queue then reads a
// row a look.
#include "kernels/coverage.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <queue>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/coverage_rows.h"
#include "kernels/row_dots.h"
#include "kernels/single_blas.h"

namespace querist::kernels {

static constexpr size_t block_rows =
    256;  // Fixed, so that sums do not depend on the number of threads.

static std::vector<float> squared_norms(const Matrix& m) {
  std::vector<float> norms(m.rows, 0);
  for (size_t i = 0; i < m.rows; ++i) {
    for (const float v : m.row(i)) norms[i] += v * v;
  }
  return norms;
}

// out (rows, b.rows) = squared distances of rows begin … begin+rows-1 of a to all rows of b.
static void distance_block(const Matrix& a, const std::vector<float>& a_norms, size_t begin,
                           size_t rows, const Matrix& b, const std::vector<float>& b_norms,
                           float* out) {
  keep_blas_on_this_thread();
  const auto as_int = [](size_t v) { return static_cast<blasint>(v); };
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, as_int(rows), as_int(b.rows), as_int(a.cols),
              -2, a.values.data() + begin * a.cols, as_int(a.cols), b.values.data(), as_int(b.cols),
              0, out, as_int(b.rows));
  for (size_t i = 0; i < rows; ++i) {
    finish_distances({out + i * b.rows, b.rows}, a_norms[begin + i], b_norms);
  }
}

// Blocks of the first `rows` rows of a.
template <class UseBlock>
static void each_distance_block(const Matrix& a, size_t rows, const Matrix& b, UseBlock use) {
  QUERIST_CHECK(a.cols == b.cols && rows <= a.rows);
  const auto a_norms = squared_norms(a);
  const auto b_norms = squared_norms(b);
  const size_t blocks = (rows + block_rows - 1) / block_rows;
  parallel_for(blocks, 1, [&](size_t first, size_t last) {
    for (size_t block = first; block < last; ++block) {
      const size_t begin = block * block_rows;
      use(begin, std::min(block_rows, rows - begin), [&](size_t count, float* out) {
        distance_block(a, a_norms, begin, count, b, b_norms, out);
      });
    }
  });
}

Matrix squared_distances(const Matrix& a, const Matrix& b) {
  Matrix out(a.rows, b.rows);
  if (out.values.empty()) return out;
  each_distance_block(a, a.rows, b, [&](size_t begin, size_t rows, const auto& fill) {
    fill(rows, out.values.data() + begin * b.rows);
  });
  return out;
}

std::vector<float> neighbor_distances(const Matrix& rows, size_t k, size_t most) {
  std::vector<float> out(std::min(rows.rows, most), 0);
  if (rows.rows < 2) return out;
  k = std::clamp<size_t>(k, 1, rows.rows - 1);
  each_distance_block(rows, out.size(), rows, [&](size_t begin, size_t count, const auto& fill) {
    std::vector<float> block(count * rows.rows);
    fill(count, block.data());
    for (size_t i = 0; i < count; ++i) {
      float* row = block.data() + i * rows.rows;
      row[begin + i] = -1;  // A row is not its own neighbour.
      std::nth_element(row, row + k, row + rows.rows);
      out[begin + i] = std::sqrt(row[k]);
    }
  });
  return out;
}

static void to_kernel(std::span<float> distances, float gamma) {
  scale_values(distances, -gamma);
  exponentiate(distances);
}

// How well each target is covered by the labelled rows alone.
static std::vector<float> covered_by(const CoverageTask& task, const Matrix& targets) {
  std::vector<float> best(targets.rows, 0);
  if (task.labeled.empty()) return best;
  const Matrix labeled = widened_rows(task.x, task.labeled);
  each_distance_block(
      targets, targets.rows, labeled, [&](size_t begin, size_t rows, const auto& fill) {
        std::vector<float> block(rows * labeled.rows);
        fill(rows, block.data());
        for (size_t i = 0; i < rows; ++i) {
          const float* row = block.data() + i * labeled.rows;
          best[begin + i] = std::exp(-task.gamma * *std::min_element(row, row + labeled.rows));
        }
      });
  return best;
}

std::vector<CoveragePick> greedy_coverage(const CoverageTask& task, size_t count) {
  QUERIST_CHECK(task.weights.size() == task.targets.size());
  count = std::min(count, task.candidates.size());
  const Matrix targets = widened_rows(task.x, task.targets);
  std::vector<float> best = covered_by(task, targets);
  const Matrix candidates = widened_rows(task.x, task.candidates);
  Matrix kernel(candidates.rows, targets.rows);
  std::vector<float> gains(kernel.rows, 0);
  if (!kernel.values.empty()) {
    each_distance_block(candidates, candidates.rows, targets,
                        [&](size_t begin, size_t rows, const auto& fill) {
                          fill(rows, kernel.row(begin).data());
                          to_kernel({kernel.row(begin).data(), rows * kernel.cols}, task.gamma);
                          for (size_t i = begin; i < begin + rows; ++i) {
                            gains[i] = coverage_gain(kernel.row(i), task.weights, best);
                          }
                        });
  }
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
      top.gain = coverage_gain(kernel.row(top.candidate), task.weights, best);
      top.picks_seen = picks.size();
      queue.push(top);
      continue;
    }
    picks.push_back({top.candidate, top.gain});
    const auto row = kernel.row(top.candidate);
    for (size_t t = 0; t < best.size(); ++t) best[t] = std::max(best[t], row[t]);
  }
  return picks;
}

}  // namespace querist::kernels
