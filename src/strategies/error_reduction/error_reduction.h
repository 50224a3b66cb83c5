// What expected error reduction asks of a learner whose refit is a closed form.
#pragma once

#include <span>
#include <vector>

#include "base/params.h"
#include "data/pool.h"
#include "kernels/expected_loss.h"

namespace querist::strategies {

struct ErrorReduction {
  const Pool& pool;
  std::span<const int64_t> candidates;  // Rows that are scored.
  std::span<const int64_t> targets;     // Rows whose loss is summed.
  kernels::Loss loss;
  const Params& params;
};

// Expected loss summed over the targets: now, and with each candidate labelled.
struct ExpectedLosses {
  double current = 0;
  std::vector<double> of_candidates;
};

ExpectedLosses parzen_losses(const ErrorReduction& task);
ExpectedLosses ridge_losses(const ErrorReduction& task);

// Candidates and targets that meet at a time. Fixed, so that no answer depends on the threads.
inline constexpr size_t candidate_block = 64;
inline constexpr size_t target_block = 256;

// Calls body(first, count) over consecutive blocks of n, in order, on this thread.
template <class Body>
void each_block(size_t n, size_t block, Body body) {
  for (size_t from = 0; from < n; from += block) body(from, n - from < block ? n - from : block);
}

}  // namespace querist::strategies
