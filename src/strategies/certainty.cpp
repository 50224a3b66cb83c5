// Certainty sampling for reviews: ask about the examples likeliest to be of the positive class
// (Lewis and Gale 1994; Cormack and Grossman 2014).
#include "base/error.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (pool.candidates.empty()) return {};
  const int64_t wanted = params.integer("positive_class");
  if (wanted >= static_cast<int64_t>(pool.classes))
    refuse("positive_class is {}, but there are {} classes", wanted, pool.classes);
  const size_t positive = wanted < 0 ? pool.classes - 1 : static_cast<size_t>(wanted);
  std::vector<float> utilities;
  utilities.reserve(pool.candidates.size());
  for (const int64_t row : pool.candidates)
    utilities.push_back(pool.probabilities.row(static_cast<size_t>(row))[positive]);
  return top_k(pool, utilities, batch_size);
}

QueryStrategy certainty() {
  return {
      .name = "certainty",
      .summary = "Likeliest of the positive class first, for reviews that must find every one.",
      .needs = Signal::probabilities,
      .params = {{.name = "positive_class",
                  .fallback = -1,
                  .min = -1,
                  .max = 1e6,
                  .whole = true,
                  .help = "The class to find, from 0; -1: the last one."}},
      .select = select,
      .source = "Lewis and Gale 1994; Cormack and Grossman 2014",
      .task = Task::classification,
      .family = "review",
  };
}

}  // namespace querist::strategies
