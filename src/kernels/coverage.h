// Weighted coverage by greedy choice: pick S to maximise sum_u w_u max_{s in S and labeled} k(u,
// s). One engine serves MaxHerding (Gaussian, w = 1), uncertainty herding (Bae et al. 2024, 2025),
// ProbCover (balls, Yehuda et al. 2022), facility location and k-medoids; the greedy order is exact
// and lazy (Minoux 1978), within 1 - 1/e of the best set (Nemhauser et al. 1978).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "kernels/coverage_memory.h"
#include "kernels/similarity.h"

namespace querist::kernels {

struct CoverageTask {
  Features x;                           // Dense or half rows.
  std::span<const int64_t> targets;     // Rows to be covered.
  std::span<const float> weights;       // One a target, not negative.
  std::span<const int64_t> candidates;  // Rows that may be picked.
  std::span<const int64_t> labeled;     // Rows that cover already.
  Kernel kernel;
  std::span<const float> costs{};  // One a candidate, positive; empty: all 1.
};

struct CoveragePick {
  size_t candidate = 0;  // Index into `candidates`.
  double gain = 0;       // Growth of the objective, per cost where costs were given.
};

// `count` picks in order; ties go to the lower candidate. Gains are summed anew in float32, rows
// meeting rows, for the candidates whose bound could win. While they fit 128 MiB, the bounds come
// from a byte a pair (coverage_table.h; for balls a bit, ball_cover.h), made of 2 · cols operations
// a pair on 16-bit values; this needs one weight for all targets that have any. Otherwise flops: 2
// · cols a pair met, each pair once for the first gains where candidates and targets are the same
// rows (twice where they are not), later for the targets that got better covered since; and no pair
// is kept. Memory besides: 128 bytes a row, and 12 bytes for each time a target got better covered.
std::vector<CoveragePick> greedy_coverage(const CoverageTask& task, size_t count);

// The same for the Gaussian kernel (others: a checked bug) over few rows, for callers that come
// again: 4 bytes a (candidate, target) pair. Only distances that the memory lacks are computed; the
// picks are the same with an empty one.
std::vector<CoveragePick> greedy_coverage(const CoverageTask& task, size_t count,
                                          CoverageMemory& memory);

// The distance to the k-th nearest other row, for each of the first `most` rows (exact; memory: 4
// bytes a row in blocks of 256 rows).
std::vector<float> neighbor_distances(const Matrix& rows, size_t k, size_t most = SIZE_MAX);

}  // namespace querist::kernels
