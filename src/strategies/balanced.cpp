// Balanced margin: batches share out over the predicted classes, the class with the fewest labels
// first (after the balancing step of Aggarwal, Popescu and Hudelot 2020).
//
// The rule: a candidate belongs to its likeliest class (the lower one in a tie). Until the batch is
// full, take the class with the fewest labels and picks so far (ties: the lower class) among those
// that still have candidates, and pick its candidate of largest 1 - margin, per cost where costs
// are given (ties: the lower row). Costs do not choose between classes.
#include <algorithm>

#include "kernels/top_k.h"
#include "kernels/uncertainty.h"
#include "strategies/prices.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

struct PredictedClass {
  std::vector<int64_t> rows;  // Candidates, then the best of them, best first.
  std::vector<double> utilities;
  size_t known = 0;  // Labels and picks.
  size_t next = 0;
};

static void keep_best(PredictedClass& one, size_t k) {
  std::vector<int64_t> rows;
  std::vector<double> utilities;
  for (const size_t i : kernels::top_k(one.utilities, k)) {
    rows.push_back(one.rows[i]);
    utilities.push_back(one.utilities[i]);
  }
  one.rows = std::move(rows);
  one.utilities = std::move(utilities);
}

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  std::vector<PredictedClass> classes(pool.classes);
  for (const int32_t label : pool.labels) ++classes[static_cast<size_t>(label)].known;
  const std::vector<float> margins = candidate_scores(pool, kernels::margins);
  for (size_t i = 0; i < margins.size(); ++i) {
    const int64_t row = pool.candidates[i];
    const auto p = pool.probabilities.row(static_cast<size_t>(row));
    auto& home = classes[static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin())];
    // A margin may pass 1 by what rows are allowed to miss in their sum.
    const double utility = std::max(0.0, 1 - static_cast<double>(margins[i]));
    home.rows.push_back(row);
    home.utilities.push_back(utility / price(pool, row));
  }
  for (PredictedClass& one : classes) keep_best(one, batch_size);
  Selection selection;
  while (selection.rows.size() < batch_size) {
    PredictedClass* poorest = nullptr;
    for (PredictedClass& one : classes) {
      if (one.next < one.rows.size() && (!poorest || one.known < poorest->known)) poorest = &one;
    }
    selection.rows.push_back(poorest->rows[poorest->next]);
    selection.utilities.push_back(poorest->utilities[poorest->next++]);
    ++poorest->known;
  }
  return selection;
}

QueryStrategy balanced() {
  return {
      .name = "balanced",
      .summary =
          "Smallest margins, shared out so that the class with the fewest labels comes first.",
      .needs = Signal::probabilities,
      .select = select,
      .source = "Aggarwal, Popescu and Hudelot 2020",
      .task = Task::classification,
      .family = "rare_classes",
      .reads = Signal::labels,
  };
}

}  // namespace querist::strategies
