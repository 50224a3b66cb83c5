// CLUE: ask about the example nearest to each centre of a clustering in which uncertain examples
// weigh more (Prabhu et al. 2021).
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/uncertainty.h"
#include "strategies/clustering/clustering.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Entropies, in nats, of the probabilities at a temperature T: each to the power of 1 / T, shared
// out anew.
static std::vector<float> tempered_entropies(const Pool& pool, double temperature) {
  if (temperature == 1) return candidate_scores(pool, kernels::entropies);
  std::vector<float> scores(pool.candidates.size());
  parallel_for(scores.size(), 1024, [&](size_t begin, size_t end) {
    std::vector<float> p(pool.classes);
    for (size_t i = begin; i < end; ++i) {
      const auto row = pool.probabilities.row(static_cast<size_t>(pool.candidates[i]));
      const double most = double{*std::max_element(row.begin(), row.end())};
      double sum = 0;
      for (size_t c = 0; c < p.size(); ++c) {
        const double value = std::pow(double{row[c]} / most, 1 / temperature);
        sum += value;
        p[c] = static_cast<float>(value);
      }
      for (float& value : p) value = static_cast<float>(double{value} / sum);
      kernels::entropies(p, p.size(), std::span(scores).subspan(i, 1));
    }
  });
  return scores;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  auto weights = tempered_entropies(pool, params.number("temperature"));
  for (float& weight : weights) weight = std::max(weight, 0.0f);
  if (std::ranges::all_of(weights, [](float weight) { return weight == 0; })) weights.clear();
  weights = weights_per_cost(pool, pool.candidates, std::move(weights));
  const auto clustering = cluster_rows(pool.embeddings, pool.candidates, weights, batch_size,
                                       static_cast<size_t>(params.integer("max_iterations")), rng);
  return nearest_to_centers(pool, clustering, weights, batch_size);
}

QueryStrategy clue() {
  return {
      .name = "clue",
      .summary =
          "Nearest to each centre of a clustering weighted by the entropy of the "
          "predictions.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = {{.name = "temperature",
                  .fallback = 1.0,
                  .min = 0.01,
                  .max = 100,
                  .help = "Softens the probabilities before their entropy: p^(1/temperature)."},
                 max_iterations_param()},
      .select = select,
      .source = "Prabhu, Chandrasekaran, Saenko and Hoffman 2021",
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
