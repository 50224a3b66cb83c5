// Density-weighted uncertainty: asks about what is unsure and like many others (Settles and Craven
// 2008).
#include <algorithm>
#include <cmath>

#include "kernels/density.h"
#include "kernels/uncertainty.h"
#include "strategies/herding/herding.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static ParamSpecs params() {
  return {
      {.name = "beta",
       .fallback = 1.0,
       .min = 0,
       .max = 100,
       .help = "Power of the density: 0 leaves uncertainty alone."},
      {.name = "measure",
       .fallback = "least_confidence",
       .choices = {"least_confidence", "margin", "entropy"},
       .help = "How uncertainty is counted."},
      {.name = "similarity",
       .fallback = "cosine",
       .choices = {"cosine", "euclidean"},
       .help = "Density: the mean cosine, at least 0, or the mean of 1 / (1 + distance)."},
      {.name = "max_targets",
       .fallback = 50'000,
       .min = 0,
       .max = 1e9,
       .whole = true,
       .help = "Most candidates that similarity is taken to, a fixed sample; 0: all."},
  };
}

static std::vector<float> uncertainties(const Pool& pool, const std::string& measure) {
  if (measure == "entropy") return candidate_scores(pool, kernels::entropies);
  if (measure == "least_confidence") return candidate_scores(pool, kernels::least_confidences);
  auto scores = candidate_scores(pool, kernels::margins);
  for (float& score : scores) score = 1 - score;
  return scores;
}

static std::vector<int64_t> sampled_candidates(const Pool& pool, size_t most) {
  std::vector<int64_t> rows(pool.candidates.begin(), pool.candidates.end());
  if (most == 0 || rows.size() <= most) return rows;
  std::vector<int64_t> sample;
  for (const int64_t i : fixed_sample(rows.size(), most, 2))
    sample.push_back(rows[static_cast<size_t>(i)]);
  return sample;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (pool.candidates.empty()) return {};
  const auto uncertainty = uncertainties(pool, params.text("measure"));
  const auto others = sampled_candidates(pool, static_cast<size_t>(params.integer("max_targets")));
  auto utilities =
      params.text("similarity") == "cosine"
          ? kernels::cosine_density(pool.embeddings, pool.candidates, others)
          : kernels::inverse_distance_density(pool.embeddings, pool.candidates, others);
  for (size_t i = 0; i < utilities.size(); ++i)
    utilities[i] = std::pow(utilities[i], params.number("beta")) * double{uncertainty[i]};
  return top_k(pool, utilities, batch_size);
}

QueryStrategy density_weighted() {
  return {
      .name = "density_weighted",
      .summary = "Uncertainty times the mean similarity to the other candidates.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = params(),
      .select = select,
      .source = "Settles and Craven 2008",
      .handles_no_model = false,
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
