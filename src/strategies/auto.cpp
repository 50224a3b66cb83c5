// The default policy: coverage while there is no usable model, then coverage weighted by margin and
// class balance, so that it moves from typical examples to uncertain ones by itself (after
// uncertainty-weighted herding, Bae et al. 2024).
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/uncertainty.h"
#include "strategies/herding/herding.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static std::vector<size_t> class_counts(const Pool& pool) {
  std::vector<size_t> counts(pool.classes, 0);
  for (const int32_t label : pool.labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

// No model worth asking: none at all, one class seen, or fewer than two labels a class.
static bool is_cold(const Pool& pool, const std::vector<size_t>& counts) {
  const auto seen = std::count_if(counts.begin(), counts.end(), [](size_t n) { return n > 0; });
  return pool.probabilities.rows == 0 || seen < 2 || pool.labeled.size() < 2 * pool.classes;
}

// Rare classes weigh more the more unequal the labels are: exponent min(1, ln(imbalance) / ln 10).
static double balance_exponent(const std::vector<size_t>& counts) {
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  const double imbalance = static_cast<double>(*most + 1) / static_cast<double>(*least + 1);
  return std::min(1.0, std::log(imbalance) / std::log(10.0));
}

static std::vector<float> weights_of(const Pool& pool, const std::vector<size_t>& counts) {
  std::vector<float> weights = candidate_scores(pool, kernels::margins);
  double mean = 0;
  for (float& w : weights) {
    w = 1 - w;
    mean += w;
  }
  mean /= std::max<double>(1, static_cast<double>(weights.size()));
  const double exponent = balance_exponent(counts);
  std::vector<float> rarity(counts.size());
  const double labels_per_class =
      static_cast<double>(pool.labeled.size()) / static_cast<double>(counts.size());
  for (size_t c = 0; c < counts.size(); ++c) {
    rarity[c] =
        static_cast<float>(std::sqrt(labels_per_class / static_cast<double>(counts[c] + 1)));
  }
  const auto power = static_cast<float>(exponent);
  const auto least = static_cast<float>(0.1 * mean);
  parallel_for(weights.size(), 8192, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto p = pool.probabilities.row(static_cast<size_t>(pool.candidates[i]));
      float balance = 0;
      for (size_t c = 0; c < rarity.size(); ++c) balance += p[c] * rarity[c];
      weights[i] = (least + 0.9f * weights[i]) * std::pow(balance, power);
    }
  });
  return weights;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  const auto counts = class_counts(pool);
  if (is_cold(pool, counts)) return herd(pool, {}, Radius::typical, batch_size, params);
  return herd(pool, weights_of(pool, counts), Radius::shrinking, batch_size, params);
}

QueryStrategy auto_() {
  return {
      .name = "auto",
      .summary =
          "The default: covers the pool first, then weighs coverage by margin and class balance.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = herding_params(),
      .select = select,
      .source = "Bae, Noh and Sutherland 2024",
      .handles_no_model = true,
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
