// Who lies in whose ball, a bit a pair: with it the greedy choice among balls counts bits.
#pragma once

#include <optional>
#include <vector>

#include "kernels/coverage.h"

namespace querist::kernels {

// greedy_coverage with the same picks and gains where the kernel is a ball, all weights are 0 or 1
// and the bits and the rounded rows fit 64 MiB each; nothing otherwise. Operations: 2 · cols a pair
// on 16-bit values, each pair once where candidates and targets are the same rows; distances so
// near the radius that these do not tell are taken in double.
std::optional<std::vector<CoveragePick>> greedy_balls(const CoverageTask& task, size_t count);

}  // namespace querist::kernels
