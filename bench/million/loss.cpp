// Every value is taken over rows that no sample held: nothing here is fitted to what it measures.
#include "million/loss.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/rng.h"
#include "kernels/center_panels.h"
#include "kernels/coverage.h"
#include "kernels/pair_sweep.h"
#include "kernels/top_k.h"
#include "kernels/uncertainty.h"
#include "million/work.h"
#include "strategies/herding/herding.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::bench {

static constexpr size_t held_out_rows = 20'000;
static constexpr size_t few_targets = 3000;  // The default of small batches.
static constexpr size_t most_candidates = 20'000;
static constexpr size_t rows_a_reference_target = 10;
static constexpr size_t cluster_sample = 400'000;
static constexpr uint64_t held_out_salt = 1234;

using Rows = std::vector<int64_t>;

// Candidates that are in none of `used`, ascending.
static Rows held_out(const Pool& pool, const std::vector<Rows>& used) {
  Rows rows = Rng(held_out_salt).sample(pool.size, std::min(pool.size, 2 * held_out_rows));
  std::erase_if(rows, [&](int64_t row) {
    const auto holds = [&](std::span<const int64_t> other) {
      return std::binary_search(other.begin(), other.end(), row);
    };
    return holds(pool.labeled) || std::any_of(used.begin(), used.end(), holds);
  });
  if (rows.size() < 1000) refuse("too few rows are left to hold any out: pass more --rows");
  rows.resize(std::min(rows.size(), held_out_rows));
  std::sort(rows.begin(), rows.end());
  return rows;
}

static size_t index_of(std::span<const int64_t> rows, int64_t row) {
  return static_cast<size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin());
}

// Those of the rows that have no label.
static Rows unlabeled(const Pool& pool, const Rows& rows) {
  Rows out;
  std::ranges::set_difference(rows, pool.labeled, std::back_inserter(out));
  return out;
}

// One a candidate: 1 - margin, or 1.
static std::vector<float> herding_weights(const std::string& strategy, const Pool& pool) {
  std::vector<float> weights(pool.candidates.size(), 1);
  if (strategy == "max_herding") return weights;
  weights = strategies::candidate_scores(pool, kernels::margins);
  for (float& weight : weights) weight = 1 - weight;
  return weights;
}

// The objective of a herding strategy over held-out rows: the weighted mean of what covers each.
class Objective {
 public:
  Objective(const std::string& strategy, const Pool& pool, Rows targets)
      : pool_(pool), targets_(std::move(targets)) {
    const auto weights = herding_weights(strategy, pool);
    for (const int64_t row : targets_) {
      weights_.push_back(weights[index_of(pool.candidates, row)]);
      total_ += double{weights_.back()};
      squares_ += double{weights_.back()} * double{weights_.back()};
    }
    const auto radius =
        strategy == "max_herding" ? strategies::Radius::typical : strategies::Radius::closest;
    const Params params(strategies::find(strategy).params);
    kernel_.value = strategies::herding_gamma(pool, radius, params);
    norms_ = kernels::kernel_norms(kernel_, pool.embeddings, targets_);
    labeled_.assign(targets_.size(), 0);
    raise(pool.labeled, labeled_);
  }

  size_t size() const { return targets_.size(); }
  double gamma() const { return double{kernel_.value}; }
  double of_labels() const { return mean(labeled_); }
  double of(const Rows& picks) const { return mean(covered(picks)); }

  // What no batch of that size from these candidates exceeds: what is covered with the picks, and
  // the largest gains beside them, which only shrink as more is picked.
  double bound(const Rows& picks, const Rows& candidates) const {
    const auto best = covered(picks);
    const auto norms = kernels::kernel_norms(kernel_, pool_.embeddings, candidates);
    auto gains = kernels::growth(kernel_, {pool_.embeddings, candidates, norms},
                                 {pool_.embeddings, targets_, norms_}, weights_, best);
    std::sort(gains.begin(), gains.end(), std::greater<>());
    double sum = 0;
    for (size_t i = 0; i < std::min(picks.size(), gains.size()); ++i) sum += gains[i];
    return std::min(1.0, mean(best) + sum / total_);
  }

  // Half the width of a 95% interval around a value over all rows (Hoeffding 1963), each row's part
  // lying between 0 and its weight.
  double half_width() const { return std::sqrt(std::log(2 / 0.05) * squares_ / 2) / total_; }

 private:
  void raise(std::span<const int64_t> rows, std::vector<float>& best) const {
    const auto norms = kernels::kernel_norms(kernel_, pool_.embeddings, rows);
    kernels::raise_best(kernel_, {pool_.embeddings, rows, norms},
                        {pool_.embeddings, targets_, norms_}, best);
  }
  std::vector<float> covered(const Rows& picks) const {
    auto best = labeled_;
    raise(picks, best);
    return best;
  }
  double mean(const std::vector<float>& best) const {
    double sum = 0;
    for (size_t t = 0; t < best.size(); ++t) sum += double{weights_[t]} * double{best[t]};
    return sum / total_;
  }

  const Pool& pool_;
  Rows targets_;
  std::vector<float> weights_, norms_, labeled_;
  kernels::Kernel kernel_;
  double total_ = 0, squares_ = 0;
};

static Rows select(const std::string& strategy, const Pool& pool, size_t batch_size, uint64_t seed,
                   const std::vector<std::pair<std::string_view, size_t>>& given) {
  const auto& card = strategies::find(strategy);
  Params params(card.params);
  for (const auto& [name, value] : given) params.set(name, static_cast<double>(value));
  return strategies::select_batch(card, pool, batch_size, params, seed).rows;
}

// Greedy coverage of many more targets than the card allows, from its largest number of candidates:
// for each half of them the heaviest and an even sample, none a target.
struct Reference {
  Rows targets, candidates;

  Reference(const std::string& strategy, const Pool& pool)
      : targets(unlabeled(
            pool, strategies::fixed_sample(pool.size, pool.size / rows_a_reference_target, 9))) {
    Rows chosen = unlabeled(
        pool, strategies::fixed_sample(
                  pool.size, strategy == "max_herding" ? most_candidates : most_candidates / 2, 7));
    if (strategy != "max_herding") {
      for (const size_t i : kernels::top_k(herding_weights(strategy, pool), most_candidates / 2))
        chosen.push_back(pool.candidates[i]);
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    std::ranges::set_difference(chosen, targets, std::back_inserter(candidates));
  }
  Rows picks(const std::string& strategy, const Pool& pool, double gamma, size_t batch_size) const {
    const kernels::Kernel kernel = {.value = static_cast<float>(gamma)};
    const auto all = herding_weights(strategy, pool);
    std::vector<float> weights;
    for (const int64_t row : targets) weights.push_back(all[index_of(pool.candidates, row)]);
    Rows rows;
    for (const auto& pick : kernels::greedy_coverage(
             {pool.embeddings, targets, weights, candidates, pool.labeled, kernel}, batch_size))
      rows.push_back(candidates[pick.candidate]);
    return rows;
  }
};

static Json herding_loss(const std::string& strategy, const Pool& pool, size_t batch_size,
                         uint64_t seed) {
  const Reference reference(strategy, pool);
  const Objective objective(
      strategy, pool,
      held_out(pool, {strategies::fixed_sample(pool.size, few_targets, 2),
                      strategies::fixed_sample(pool.size, 10 * batch_size, 2), reference.targets}));
  Json values = Json::object();
  const auto add = [&](std::string_view what, const Rows& picks) {
    const double value = objective.of(picks);
    values[std::string(what)] = value;
    return value;
  };
  const double chance = add("random", select("random", pool, batch_size, seed, {}));
  const double value = add("default", select(strategy, pool, batch_size, seed, {}));
  add("few_targets", select(strategy, pool, batch_size, seed, {{"max_targets", few_targets}}));
  const Rows best = reference.picks(strategy, pool, objective.gamma(), batch_size);
  const double most = add("reference", best);
  return {{"held_out", objective.size()},
          {"reference_targets", reference.targets.size()},
          {"reference_candidates", reference.candidates.size()},
          {"gamma", objective.gamma()},
          {"labels_alone", objective.of_labels()},
          {"values", values},
          {"lost_percent", 100 * (1 - value / most)},
          {"gain_over_random_kept_percent", 100 * (value - chance) / (most - chance)},
          {"bound", objective.bound(best, reference.candidates)},
          {"half_width", objective.half_width()}};
}

// How many of the clusters that hold a listed row hold a picked one.
static double reached(const Pool& pool, const kernels::CenterPanels& centers, const Rows& listed,
                      const Rows& picks) {
  const auto clusters = [&](const Rows& rows) {
    std::vector<int32_t> which(rows.size());
    std::vector<float> squared(rows.size());
    kernels::nearest_centers(pool.embeddings, rows, centers, which, squared);
    std::sort(which.begin(), which.end());
    which.erase(std::unique(which.begin(), which.end()), which.end());
    return which;
  };
  return static_cast<double>(clusters(picks).size()) / static_cast<double>(clusters(listed).size());
}

static double mean_squared(const Pool& pool, const Matrix& centers, const Rows& rows) {
  std::vector<int32_t> which(rows.size());
  std::vector<float> squared(rows.size());
  kernels::nearest_centers(pool.embeddings, rows, kernels::CenterPanels(centers), which, squared);
  double sum = 0;
  for (const float s : squared) sum += double{s};
  return sum / static_cast<double>(rows.size());
}

static Json cluster_loss(const Pool& pool, size_t batch_size, uint64_t seed) {
  const Params params(strategies::find("cluster_margin").params);
  const auto sample = static_cast<size_t>(params.integer("max_sample"));
  const size_t more = std::min(cluster_sample, pool.size);
  const Matrix ours = sampled_clusters(pool, sample, batch_size, seed).centers;
  // Another seed: its clusters favour nobody's first centres.
  const Matrix theirs = sampled_clusters(pool, more, batch_size, seed + 1).centers;
  const kernels::CenterPanels judge(theirs);
  const Rows rows = held_out(pool, {});
  const auto listed_rows =
      static_cast<size_t>(params.number("oversample") * static_cast<double>(batch_size));
  const Rows listed = select("margin", pool, listed_rows, seed, {});
  const auto share = [&](const Rows& picks) { return reached(pool, judge, listed, picks); };
  const double own = mean_squared(pool, ours, rows), other = mean_squared(pool, theirs, rows);
  const double value = share(select("cluster_margin", pool, batch_size, seed, {}));
  const double reference =
      share(select("cluster_margin", pool, batch_size, seed, {{"max_sample", more}}));
  return {{"sample", sample},
          {"larger_sample", more},
          {"reached", value},
          {"reached_larger", reference},
          {"reached_margin", share(select("margin", pool, batch_size, seed, {}))},
          {"lost_percent", 100 * (1 - value / reference)},
          {"squared", own},
          {"squared_larger", other},
          {"squared_more_percent", 100 * (own / other - 1)}};
}

Json losses(const Pool& pool, size_t batch_size, uint64_t seed) {
  Json out = Json::object();
  for (const char* strategy : {"max_herding", "uherding"}) {
    out[strategy] = herding_loss(strategy, pool, batch_size, seed);
  }
  out["cluster_margin"] = cluster_loss(pool, batch_size, seed);
  return out;
}

}  // namespace querist::bench
