// Which rows of a large pool are covered and which are considered, so that the coverage engine
// stays small: the same ones from label to label as far as can be.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/pool.h"
#include "strategies/herding/herding.h"

namespace querist::strategies {

inline constexpr size_t most_targets = 20'000;
inline constexpr size_t most_pairs = 64'000'000;  // Of distances held at once, 4 bytes each.

// The index of a row among ascending ones, or how many there are.
size_t index_of(std::span<const int64_t> rows, int64_t row);

// At most `most` candidates, ascending: the heaviest half and an even half; all where they fit.
std::vector<int64_t> candidate_rows(const Pool& pool, std::span<const float> weights, size_t most);

// How many candidates a batch looks at.
size_t most_candidates(const Pool& pool, size_t batch_size, const Params& params,
                       Candidates candidates);

// The rows to be covered, ascending: max_targets of them, or more for a large batch; with
// max_targets = 0 the candidates. Where they are few beside the pool they are taken out of the
// candidates.
std::vector<int64_t> targets_for(const Pool& pool, size_t batch_size, const Params& params,
                                 std::vector<int64_t>& candidates);

// One weight a target; that of a row which is no candidate any more is 0.
std::vector<float> target_weights(const Pool& pool, std::span<const float> weights,
                                  std::span<const int64_t> targets);

}  // namespace querist::strategies
