// Ranked batch-mode sampling: ask about examples that are uncertain and far from everything
// labelled or picked, the distance counting the more the fewer labels there are (Cardoso et al.
// 2017).
#include <algorithm>
#include <cmath>

#include "kernels/lazy_minimum.h"
#include "kernels/uncertainty.h"
#include "strategies/distance/cold_start.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static std::vector<float> uncertainties(const Pool& pool, const std::string& kind) {
  if (kind == "least_confidence") return candidate_scores(pool, kernels::least_confidences);
  const bool is_entropy = kind == "entropy";
  auto scores = candidate_scores(pool, is_entropy ? kernels::entropies : kernels::margins);
  for (float& score : scores) score = std::max(0.0f, is_entropy ? score : 1 - score);
  return scores;
}

// score = a (1 - 1 / (1 + distance)) + (1 - a) u with a = left / (left + known). For the choice it
// is divided by 1 - a: the order of the candidates stays, and what each is worth never grows from
// pick to pick, as lazy minima need.
static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (batch_size == 0) return {};
  const auto u = uncertainties(pool, params.text("uncertainty"));
  const auto costs = prices(pool);
  kernels::LazyMinimum minimum(pool.embeddings, pool.candidates);
  for (const int64_t row : pool.labeled) minimum.add_center(row);
  Selection selection;
  const auto add = [&](size_t candidate, double utility) {
    minimum.remove(candidate);
    minimum.add_center(pool.candidates[candidate]);
    selection.rows.push_back(pool.candidates[candidate]);
    selection.utilities.push_back(utility);
  };
  if (pool.labeled.empty()) {
    const auto start =
        most_central(pool, pool.candidates, static_cast<size_t>(params.integer("max_targets")));
    add(candidate_index(pool, start.rows[0]), start.utilities[0]);
  }
  while (selection.rows.size() < batch_size) {
    const auto left = static_cast<double>(pool.candidates.size() - selection.rows.size());
    const auto known = static_cast<double>(pool.labeled.size() + selection.rows.size());
    const double ratio = left / known;
    const auto worth = [&](size_t i, float squared) {
      const double far = 1 - 1 / (1 + std::sqrt(double{squared}));
      return (ratio * far + double{u[i]}) / (costs.empty() ? 1 : double{costs[i]});
    };
    const size_t pick = minimum.best(worth);
    add(pick, worth(pick, minimum.squared(pick)) * known / (left + known));
  }
  return selection;
}

QueryStrategy ranked_batch() {
  return {
      .name = "ranked_batch",
      .summary =
          "Uncertain and far from all that is labelled or picked; distance counts less as labels "
          "come in.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = {{.name = "uncertainty",
                  .fallback = "least_confidence",
                  .choices = {"least_confidence", "margin", "entropy"},
                  .help = "How uncertain an example is; entropy in nats."},
                 start_targets_param()},
      .select = select,
      .source = "Cardoso, Silva, Canuto, Moro and Gonçalves 2017",
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
