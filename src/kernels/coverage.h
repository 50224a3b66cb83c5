// Weighted coverage by greedy choice: pick S to maximise sum_u w_u max_{s in S and labeled} k(u,
// s), k a Gaussian kernel. One engine serves MaxHerding (w = 1) and uncertainty-weighted herding
// (Bae et al. 2024); the greedy order is exact and lazy (Minoux 1978), within 1 - 1/e of the best
// set (Nemhauser et al. 1978).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "kernels/coverage_memory.h"

namespace querist::kernels {

struct CoverageTask {
  Features x;                           // Dense or half rows.
  std::span<const int64_t> targets;     // Rows to be covered.
  std::span<const float> weights;       // One a target, not negative.
  std::span<const int64_t> candidates;  // Rows that may be picked.
  std::span<const int64_t> labeled;     // Rows that cover already.
  float gamma = 1;                      // k(u, s) = exp(-gamma |u - s|^2).
  std::span<const float> costs{};       // One a candidate, positive; empty: all 1.
};

struct CoveragePick {
  size_t candidate = 0;  // Index into `candidates`.
  float gain = 0;        // Growth of the objective, per cost where costs were given.
};

// `count` picks in order; ties go to the lower candidate. Memory: 4 bytes a (candidate, target)
// pair. Only distances that the
// memory lacks are computed; the picks are the same with an empty one.
std::vector<CoveragePick> greedy_coverage(const CoverageTask& task, size_t count,
                                          CoverageMemory& memory);

// The distance to the k-th nearest other row, for each of the first `most` rows (exact; memory: 4
// bytes a row in blocks of 256 rows).
std::vector<float> neighbor_distances(const Matrix& rows, size_t k, size_t most = SIZE_MAX);

}  // namespace querist::kernels
