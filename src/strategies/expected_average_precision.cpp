// Expected average precision: ask about the example without which the ranking of the others is
// expected to be best (Wang et al. 2018).
#include "kernels/expected_average_precision.h"

#include "strategies/strategy.h"

namespace querist::strategies {

// As in scikit-activeml, the ranking is that of the candidates alone.
static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  const Matrix own = dense_rows(pool.probabilities, pool.candidates);
  return top_k(pool, kernels::expected_average_precision(own), batch_size);
}

QueryStrategy expected_average_precision() {
  return {
      .name = "expected_average_precision",
      .summary = "Leaves the other candidates ranked with the highest expected average precision.",
      .needs = Signal::probabilities,
      .select = select,
      .source = "Wang, Chang, Shi, Yang and Shen 2018",
      .task = Task::classification,
      .family = "uncertainty",
  };
}

}  // namespace querist::strategies
