// Arbiter: shares the places of a batch among the strategies of a portfolio. The loop moves the
// weights by what the audit labels say of the labels that each of them bought.
#include <algorithm>
#include <cmath>

#include "strategies/composing/stages.h"

namespace querist::strategies {

// Places of the batch for each arm: the whole parts of weight * batch_size, and the rest drawn in
// one systematic draw, so that every arm gets its share in expectation (Madow 1949).
static std::vector<size_t> places(std::span<const WeightedStrategy> arms, size_t batch_size,
                                  Rng& rng) {
  double total = 0;
  for (const auto& arm : arms) total += arm.weight;
  std::vector<size_t> counts(arms.size(), 0);
  double reached = rng.uniform();
  size_t given = 0;
  for (size_t k = 0; k < arms.size(); ++k) {
    reached += static_cast<double>(batch_size) * arms[k].weight / total;
    const bool is_last = k + 1 == arms.size();
    const auto through = is_last ? batch_size : static_cast<size_t>(std::floor(reached));
    counts[k] = std::min(batch_size, std::max(given, through)) - given;
    given += counts[k];
  }
  return counts;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  const auto arms = portfolio(params.text("portfolio"));
  const auto counts = places(arms, batch_size, rng);
  std::vector<int64_t> left(pool.candidates.begin(), pool.candidates.end());
  std::vector<Selection> picks(arms.size());
  for (size_t k = 0; k < arms.size(); ++k) {
    if (counts[k] == 0) continue;
    Pool part = with_candidates(pool, left, true);
    part.memory = pool.memory;
    picks[k] = run_stage(arms[k].expression, part, counts[k], rng);
    std::erase_if(left, [&](int64_t row) {
      return std::find(picks[k].rows.begin(), picks[k].rows.end(), row) != picks[k].rows.end();
    });
  }
  Selection batch;
  for (size_t round = 0; batch.rows.size() < batch_size; ++round) {
    const size_t before = batch.rows.size();
    for (size_t k = 0; k < arms.size(); ++k) {
      if (round >= picks[k].rows.size()) continue;
      batch.rows.push_back(picks[k].rows[round]);
      batch.utilities.push_back(picks[k].utilities[round]);
      batch.propensities.push_back(picks[k].propensities[round]);
      batch.arms.push_back(static_cast<int32_t>(k));
    }
    if (batch.rows.size() == before) break;
  }
  return batch;
}

QueryStrategy arbiter() {
  return {
      .name = "arbiter",
      .summary =
          "Shares each batch among several strategies; a project moves their weights by its "
          "audit labels.",
      .params = {{.name = "portfolio",
                  .fallback = "auto:1, margin:1, cluster_margin:1, max_herding:1",
                  .help = "Strategies with their weights, as in \"auto:2, margin:1\"."}},
      .select = select,
      .source = "Freund and Schapire 1997",
      .handles_no_model = true,
      .task = Task::classification,
      .family = "hybrid",
      .reads = Signal::probabilities | Signal::embeddings | Signal::member_probabilities |
               Signal::labels,
  };
}

}  // namespace querist::strategies
