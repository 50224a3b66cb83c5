// Query by committee for regression: ask where the members' predictions vary most (RayChaudhuri and
// Hamey 1995).
#include "strategies/strategy.h"

namespace querist::strategies {

// The variance with 1/K: the members are all there is, no sample of more.
static double variance(MatrixView members, size_t row) {
  const auto count = static_cast<double>(members.rows);
  double mean = 0;
  for (size_t m = 0; m < members.rows; ++m) mean += double{members.row(m)[row]} / count;
  double sum = 0;
  for (size_t m = 0; m < members.rows; ++m) {
    const double gap = double{members.row(m)[row]} - mean;
    sum += gap * gap / count;
  }
  return sum;
}

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  std::vector<double> utilities;
  for (const int64_t row : pool.candidates)
    utilities.push_back(variance(pool.member_predictions, static_cast<size_t>(row)));
  return top_k(pool, utilities, batch_size);
}

QueryStrategy committee_variance() {
  return {
      .name = "committee_variance",
      .summary = "Largest variance of the committee's predicted numbers.",
      .needs = Signal::member_predictions,
      .select = select,
      .source = "RayChaudhuri and Hamey 1995",
      .task = Task::regression,
      .family = "regression",
  };
}

}  // namespace querist::strategies
