// Multi-label margin: ask about the examples whose labels are, one by one, nearest to undecided
// (binary minimum of Brinker 2006; mean and maximum after Esuli and Sebastiani 2009).
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// The uncertainty of one label is 1 - |2p - 1|, exact in double: 0 where it is sure, 1 at one half.
static double reduced(std::span<const float> marginals, const std::string& reduction) {
  double sum = 0, least = 1, most = 0;
  for (const float p : marginals) {
    const double uncertainty = 1 - std::abs(2 * static_cast<double>(p) - 1);
    sum += uncertainty;
    least = std::min(least, uncertainty);
    most = std::max(most, uncertainty);
  }
  if (reduction == "min") return least;
  if (reduction == "max") return most;
  return sum / static_cast<double>(marginals.size());
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  const std::string& reduction = params.text("reduction");
  std::vector<double> utilities(pool.candidates.size());
  parallel_for(utilities.size(), 4096, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto row = static_cast<size_t>(pool.candidates[i]);
      utilities[i] = reduced(pool.probabilities.row(row), reduction);
    }
  });
  return top_k(pool, utilities, batch_size);
}

QueryStrategy multilabel_margin() {
  return {
      .name = "multilabel_margin",
      .summary = "Labels nearest to undecided: 1 - |2p - 1| over the labels of an example.",
      .needs = Signal::probabilities,
      .params = {{.name = "reduction",
                  .fallback = "mean",
                  .choices = {"mean", "min", "max"},
                  .help = "How the uncertainties of an example's labels become one."}},
      .select = select,
      .source = "Brinker 2006; Esuli and Sebastiani 2009",
      .task = Task::multi_label,
      .family = "multi_label",
  };
}

}  // namespace querist::strategies
