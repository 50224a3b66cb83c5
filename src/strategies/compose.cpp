// Compose: filter by one strategy, choose by another, with rank sums, chance, quotas and a budget.
#include <algorithm>

#include "base/error.h"
#include "strategies/composing/stages.h"
#include "strategies/prices.h"

namespace querist::strategies {

static Chance chance_of(const Params& params) {
  const std::string& text = params.text("stochastic");
  if (text == "power") return Chance::power;
  if (text == "softmax") return Chance::softmax;
  return text == "rank" ? Chance::rank : Chance::none;
}

// The candidates that the filter keeps, best first; all of them without one.
static Selection kept(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  const size_t n = pool.candidates.size();
  const bool cuts = !params.text("choose").empty();
  const auto wanted = static_cast<size_t>(params.number("keep") * static_cast<double>(batch_size));
  const bool has_quota = params.text("quota") != "none";
  const size_t count = cuts ? std::clamp(wanted, batch_size, n) : has_quota ? n : batch_size;
  const Chance chance = chance_of(params);
  const std::string& ranks = params.text("ranks");
  const size_t seen = chance != Chance::none ? n : count;
  Selection order = ranks.empty() ? run_stage(params.text("filter"), pool, seen, rng)
                                  : rank_sums(ranks, pool, rng);
  if (chance != Chance::none)
    return stochastic_top(order, chance, params.number("beta"), count, rng);
  order.rows.resize(std::min(count, order.rows.size()));
  order.utilities.resize(order.rows.size());
  order.propensities.resize(order.rows.size());
  return order;
}

// A number for each row by which the batch is to be even: its likeliest class, or its group.
static std::vector<int32_t> keys_of(const Pool& pool, std::span<const int64_t> rows,
                                    const std::string& quota) {
  std::vector<int32_t> keys;
  for (const int64_t row : rows) {
    const auto at = static_cast<size_t>(row);
    if (quota == "group") {
      keys.push_back(pool.groups[at]);
    } else {
      const auto p = pool.probabilities.row(at);
      keys.push_back(static_cast<int32_t>(std::max_element(p.begin(), p.end()) - p.begin()));
    }
  }
  return keys;
}

static Selection chosen(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  Selection order = kept(pool, batch_size, params, rng);
  const std::string& quota = params.text("quota");
  if (quota == "group" && pool.groups.empty())
    refuse("compose needs groups for quota=group, and none are given");
  const bool has_quota = quota == "group" || (quota == "class" && pool.probabilities.rows > 0);
  if (const std::string& choose = params.text("choose"); !choose.empty()) {
    std::vector<int64_t> candidates = order.rows;
    std::sort(candidates.begin(), candidates.end());
    const Pool part = with_candidates(pool, candidates, !pool.costs.empty());
    Selection picked = run_stage(choose, part, has_quota ? candidates.size() : batch_size, rng);
    // The filter's chance stays with its rows; one that draws brings its own.
    for (size_t i = 0; i < picked.rows.size(); ++i) {
      const auto at = std::find(order.rows.begin(), order.rows.end(), picked.rows[i]);
      const auto place = static_cast<size_t>(at - order.rows.begin());
      picked.propensities[i] *= order.propensities[place];
    }
    order = std::move(picked);
  }
  if (has_quota) return even_shares(order, keys_of(pool, order.rows, quota), batch_size);
  return order;
}

// The longest beginning that the budget pays for, and what it is worth.
static double cut_to_budget(const Pool& pool, double budget, bool is_per_cost, Selection& picks) {
  double spent = 0, worth = 0;
  size_t kept = 0;
  for (; kept < picks.rows.size(); ++kept) {
    const auto cost = price(pool, picks.rows[kept]);
    if (spent + cost > budget) break;
    spent += cost;
    worth += picks.utilities[kept] * (is_per_cost ? cost : 1);
  }
  picks.rows.resize(kept);
  picks.utilities.resize(kept);
  picks.propensities.resize(kept);
  return worth;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  const double budget = params.number("budget");
  if (budget == 0) return chosen(pool, batch_size, params, rng);
  if (pool.costs.empty()) refuse("compose needs costs for its budget, and none are given");
  // Greedy by worth per cost, and greedy by worth; the better of the two is never far from the best
  // (Leskovec et al. 2007).
  const uint64_t seed = rng.next64();
  Rng first(seed), second(seed);
  Selection by_ratio = chosen(pool, batch_size, params, first);
  Selection by_worth =
      chosen(with_candidates(pool, pool.candidates, false), batch_size, params, second);
  const double ratio_worth = cut_to_budget(pool, budget, true, by_ratio);
  const double plain_worth = cut_to_budget(pool, budget, false, by_worth);
  return plain_worth > ratio_worth ? by_worth : by_ratio;
}

QueryStrategy compose() {
  return {
      .name = "compose",
      .summary =
          "Filters by one strategy and chooses by another; rank sums, chance, quotas, budget.",
      .params = {{.name = "filter",
                  .fallback = "margin",
                  .help =
                      "Strategy that shortlists; may set parameters of its own in parentheses."},
                 {.name = "ranks",
                  .fallback = "",
                  .help = "Weighted rank sums that shortlist instead, as in "
                          "\"margin:1, information_density:0.5\"."},
                 {.name = "keep",
                  .fallback = 10.0,
                  .min = 1,
                  .max = 1e6,
                  .help = "Shortlisted examples for each one of the batch."},
                 {.name = "choose",
                  .fallback = "k_center",
                  .help = "Strategy that chooses from the shortlist; empty: its best."},
                 {.name = "stochastic",
                  .fallback = "none",
                  .choices = {"none", "power", "softmax", "rank"},
                  .help = "Draws the shortlist by its utilities instead of taking the largest."},
                 {.name = "beta",
                  .fallback = 1.0,
                  .min = 0,
                  .max = 1e6,
                  .help = "How closely the draw follows the utilities; 0: not at all."},
                 {.name = "quota",
                  .fallback = "none",
                  .choices = {"none", "class", "group"},
                  .help =
                      "Even shares of the batch for every predicted class, or for every group."},
                 {.name = "budget",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e15,
                  .help = "Most that the batch may cost together; 0: no limit."}},
      .select = select,
      .source = "Wei, Iyer and Bilmes 2015; Kirsch et al. 2023; Leskovec et al. 2007",
      .handles_no_model = true,
      .family = "hybrid",
      .reads = Signal::probabilities | Signal::embeddings | Signal::member_probabilities,
  };
}

}  // namespace querist::strategies
