// What expected error reduction asks of a learner whose refit is a closed form.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/interrupt.h"
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

// The parameter of that name, or where it is not given `usual`.
inline double regularization_of(const Params& params, double usual) {
  const double given = params.number("regularization");
  return given > 0 ? given : usual;
}

// Probabilities from scores: the positive parts by their sum, uniform where none is positive. out:
// one a score.
void score_chances(std::span<const double> scores, double* out);
// The loss of scores as they are, (classes, targets).
double present_loss(const ErrorReduction& task, const double* scores);

ExpectedLosses kernel_ridge_losses(const ErrorReduction& task);
// The same but for rounding, from what was kept of earlier calls in the pool's memory; nothing
// where there is no memory, or where it would take more than 400 MB. Targets: the whole pool.
// rounding: the share of a loss by which the two may differ.
std::optional<ExpectedLosses> kept_kernel_ridge_losses(const ErrorReduction& task,
                                                       double& rounding);
ExpectedLosses parzen_losses(const ErrorReduction& task);
ExpectedLosses ridge_losses(const ErrorReduction& task);
ExpectedLosses naive_bayes_losses(const ErrorReduction& task);

// Candidates and targets that meet at a time. Fixed, so that no answer depends on the threads.
inline constexpr size_t candidate_block = 64;
inline constexpr size_t target_block = 256;

// Calls body(first, count) over consecutive blocks of n, in order, on this thread, which may be
// interrupted between them.
template <class Body>
void each_block(size_t n, size_t block, Body body) {
  for (size_t from = 0; from < n; from += block) {
    body(from, n - from < block ? n - from : block);
    check_interrupt();
  }
}

}  // namespace querist::strategies
