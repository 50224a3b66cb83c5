// Counters of the kernels where they have them, products of the shapes where these decide.
#include "million/work.h"

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "kernels/gradient_sampling.h"
#include "kernels/k_center.h"
#include "strategies/strategy.h"

namespace querist::bench {

static constexpr size_t mini_batch = 5000;

static double number(size_t count) { return static_cast<double>(count); }

static double feature_bytes(const Pool& pool) {
  return number(pool.size) * number(pool.embeddings.cols) * 2;
}

static double probability_bytes(const Pool& pool) {
  return number(pool.size) * number(pool.classes) * 4;
}

Json Work::json(const Pool& pool) const {
  return {{"bytes", bytes},
          {"passes", bytes / feature_bytes(pool)},
          {"flops", flops},
          {"counted", counted}};
}

Work scoring_work(const Pool& pool) {
  Work work;
  work.bytes = feature_bytes(pool) + probability_bytes(pool);
  work.flops = number(pool.size) * number(pool.classes) * number(pool.embeddings.cols) * 2;
  return work;
}

// What select_batch reads before the strategy runs: whether all numbers are sound.
static double door_bytes(const strategies::QueryStrategy& card, const Pool& pool) {
  double bytes = 0;
  if (has(card.needs, Signal::embeddings)) bytes += feature_bytes(pool);
  if (has(card.needs, Signal::probabilities)) bytes += probability_bytes(pool);
  return bytes;
}

template <class Picks>
static void expect_same(const Picks& picks, const Pool& pool, const std::vector<int64_t>& picked) {
  bool same = picks.size() == picked.size();
  for (size_t i = 0; same && i < picked.size(); ++i) {
    same = pool.candidates[picks[i].candidate] == picked[i];
  }
  if (!same) fail(Code::internal, "the counted run picked other rows than the timed one");
}

static Work k_center_work(const Pool& pool, size_t batch_size, uint64_t seed,
                          const std::vector<int64_t>& picked) {
  kernels::DistanceCounts counts;
  const size_t first = Rng(seed).below(pool.candidates.size());
  expect_same(kernels::farthest_first(pool.embeddings, pool.candidates, pool.labeled, batch_size,
                                      first, {}, 1024, &counts),
              pool, picked);
  const double cols = number(pool.embeddings.cols);
  Work work;
  work.bytes = number(counts.rows_read) * cols * 2 + number(counts.scans) * number(pool.size) * 4;
  work.flops = number(counts.pairs) * cols * 3;
  work.counted = {{"rows_read", counts.rows_read}, {"distances", counts.pairs}};
  return work;
}

static Work badge_work(const Pool& pool, size_t batch_size, uint64_t seed,
                       const std::vector<int64_t>& picked) {
  kernels::GradientCounts counts;
  Rng rng(seed);
  const kernels::Gradients gradients = {pool.embeddings, pool.probabilities, false};
  expect_same(kernels::sample_gradients(gradients, pool.candidates, batch_size, rng, {},
                                        kernels::Weights::stale, &counts),
              pool, picked);
  const double row = number(pool.embeddings.cols) * 2 + number(pool.classes) * 4;
  const double candidates = number(pool.candidates.size());
  const double pairs = candidates * number(counts.centers) + number(counts.pairs);
  Work work;  // The norms take a pass of their own.
  work.bytes = (number(counts.passes) + 1) * candidates * row + number(counts.proposals) * row;
  work.flops = 2 * (pairs + candidates) * number(pool.embeddings.cols + pool.classes);
  work.counted = {{"passes", counts.passes}, {"proposals", counts.proposals}, {"distances", pairs}};
  return work;
}

// The distances of sampled targets and candidates, written, and read once for the first gains; what
// later gains read again is not counted.
static Work herding_work(const strategies::QueryStrategy& card, const Params& params,
                         const Pool& pool, size_t batch_size) {
  const auto sampled = [&](std::string_view name) {
    return number(std::min(pool.candidates.size(), static_cast<size_t>(params.integer(name))));
  };
  // The strategy's rule: ten targets a pick of a large batch.
  const double targets =
      std::max(sampled("max_targets"), number(std::min(pool.size, 10 * batch_size)));
  const double candidates = std::max(sampled("max_candidates"), number(batch_size));
  const double cols = number(pool.embeddings.cols);
  Work work;
  work.bytes = (targets + candidates) * cols * 2 + targets * candidates * 4 * 2;
  if (has(card.needs, Signal::probabilities)) work.bytes += probability_bytes(pool);
  work.flops = targets * candidates * cols * 2;
  work.counted = {{"targets", targets}, {"candidates", candidates}};
  return work;
}

kernels::Clustering sampled_clusters(const Pool& pool, size_t sample, size_t clusters,
                                     uint64_t seed) {
  Rng rng(seed);
  auto rows = rng.sample(pool.size, std::min(sample, pool.size));
  std::sort(rows.begin(), rows.end());
  const kernels::KMeansOptions options = {.clusters = std::min(clusters, rows.size()),
                                          .batch = mini_batch};
  return kernels::k_means(pool.embeddings, rows, {}, options, rng);
}

// The first centres come from three mini-batches or ten rows a centre, two whole sweeps end it.
static Work cluster_margin_work(const Params& params, const Pool& pool, size_t batch_size,
                                uint64_t seed) {
  const size_t sample = std::min(pool.size, static_cast<size_t>(params.integer("max_sample")));
  const size_t iterations = sampled_clusters(pool, sample, batch_size, seed).iterations;
  const size_t batches = iterations - 2;
  const size_t first = std::max(3 * mini_batch, 10 * batch_size);
  const double listed = params.number("oversample") * number(batch_size);
  const double met = number(first + batches * mini_batch + 2 * sample) + listed;
  const double cols = number(pool.embeddings.cols);
  Work work;
  work.bytes = probability_bytes(pool) + met * cols * 2;
  work.flops = met * number(batch_size) * cols * 2;
  work.counted = {{"sample", sample}, {"mini_batches", batches}, {"clusters", batch_size}};
  return work;
}

Work selection_work(const std::string& strategy, const Params& params, const Pool& pool,
                    size_t batch_size, uint64_t seed, const std::vector<int64_t>& picked) {
  const auto& card = strategies::find(strategy);
  Work work;
  if (strategy == "k_center") {
    work = k_center_work(pool, batch_size, seed, picked);
  } else if (strategy == "badge") {
    work = badge_work(pool, batch_size, seed, picked);
  } else if (strategy == "cluster_margin") {
    work = cluster_margin_work(params, pool, batch_size, seed);
  } else if (strategy == "margin") {
    work.bytes = probability_bytes(pool);
  } else {
    work = herding_work(card, params, pool, batch_size);
  }
  work.bytes += door_bytes(card, pool);
  return work;
}

}  // namespace querist::bench
