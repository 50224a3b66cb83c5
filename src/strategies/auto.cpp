// The default policy: coverage while there is no usable model, then coverage weighted by margin and
// class balance, so that it moves from typical examples to uncertain ones by itself (after
// uncertainty-weighted herding, Bae et al. 2024); late, the same weights spread over clusters
// (after Citovsky et al. 2021).
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/uncertainty.h"
#include "strategies/clustering/spread.h"
#include "strategies/herding/herding.h"
#include "strategies/herding/near_duplicates.h"
#include "strategies/herding/widths.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static constexpr size_t most_herded = 500;   // Larger batches are spread over clusters.
static constexpr size_t oversample = 3;      // Heaviest candidates for each that is picked.
static constexpr double balance_prior = 10;  // Labels of each class that stand for chance.

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
// A few labels are unequal by chance, so that each class counts ten more than it has.
static double balance_exponent(const std::vector<size_t>& counts) {
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  const double imbalance =
      (static_cast<double>(*most) + balance_prior) / (static_cast<double>(*least) + balance_prior);
  return std::min(1.0, std::log(imbalance) / std::log(10.0));
}

// Margin uncertainty, 1 - (largest - second largest), at a temperature: of probabilities that are
// p^(1/T) over their sum.
static std::vector<float> uncertainties(const Pool& pool, double temperature) {
  if (temperature == 1) {
    std::vector<float> weights = candidate_scores(pool, kernels::margins);
    for (float& w : weights) w = 1 - w;
    return weights;
  }
  std::vector<float> weights(pool.candidates.size());
  const auto power = static_cast<float>(1 / temperature);
  parallel_for(weights.size(), 8192, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      float sum = 0, first = 0, second = 0;
      for (const float p : pool.probabilities.row(static_cast<size_t>(pool.candidates[i]))) {
        const float softened = std::pow(p, power);
        sum += softened;
        second = std::max(second, std::min(first, softened));
        first = std::max(first, softened);
      }
      weights[i] = 1 - (first - second) / sum;
    }
  });
  return weights;
}

static std::vector<float> weights_of(const Pool& pool, const std::vector<size_t>& counts,
                                     double temperature) {
  std::vector<float> weights = uncertainties(pool, temperature);
  double mean = 0;
  for (const float w : weights) mean += w;
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

// Coverage has little left to find: a large batch, many labels a class, or a model that measures no
// distances.
static bool is_late(const Pool& pool, size_t batch_size, const Params& params) {
  const auto labels = static_cast<double>(pool.labeled.size());
  const auto classes = static_cast<double>(std::max<size_t>(1, pool.classes));
  return batch_size > most_herded || pool.trees ||
         labels / classes > params.number("late_labels_per_class");
}

// The heaviest candidates, three for each place of the batch, spread over clusters of the pool. The
// clusters depend on the pool alone, so that its memory can keep them from label to label.
static Selection spread(const Pool& pool, const std::vector<float>& weights, size_t batch_size) {
  std::any own;
  kernels::CoverageMemory& memory = memory_of(pool, own);
  memory.look_at(pool.embeddings);
  const Matrix& centers = memory.centers(batch_size, [&] {
    Rng rng(mix_seed(pool.size, 5));
    return pool_centers(pool, {.clusters = batch_size}, rng);
  });
  const Selection best = top_k(pool, weights, oversample * batch_size);
  const Selection order = spread_over_clusters(pool, best, centers);
  return distinct_picks(pool, batch_size, order.rows.size(), duplicate_distance(pool),
                        [&](size_t count) {
                          Selection first = order;
                          first.rows.resize(count);
                          first.utilities.resize(count);
                          return first;
                        });
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (batch_size == 0) return {};
  const auto counts = class_counts(pool);
  HerdOptions options{.collapses_duplicates = true, .outlier_power = params.number("outliers")};
  if (is_cold(pool, counts)) return herd(pool, {}, options, batch_size, params);
  const auto weights = weights_of(pool, counts, params.number("temperature"));
  if (is_late(pool, batch_size, params)) return spread(pool, weights, batch_size);
  options.radius = Radius::closest;
  return herd(pool, weights, options, batch_size, params);
}

static ParamSpecs auto_params() {
  ParamSpecs rows = herding_params();
  rows.push_back({.name = "temperature",
                  .fallback = 1.0,
                  .min = 0.05,
                  .max = 20,
                  .help = "Temperature of the probabilities that uncertainty is read from."});
  rows.push_back({.name = "outliers",
                  .fallback = 1.0,
                  .min = 0,
                  .max = 100,
                  .help = "How much less an example far from all others counts; 0: not at all."});
  rows.push_back({.name = "late_labels_per_class",
                  .fallback = 50.0,
                  .min = 0,
                  .max = 1e9,
                  .help =
                      "From more labels a class on, uncertain examples are spread over clusters "
                      "instead of covered."});
  return rows;
}

QueryStrategy auto_() {
  return {
      .name = "auto",
      .summary =
          "The default: covers the pool first, then weighs coverage by margin and class balance.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = auto_params(),
      .select = select,
      .source = "Bae, Noh and Sutherland 2024",
      .handles_no_model = true,
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
