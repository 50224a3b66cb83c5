// Orders in, orders out.
#include "strategies/composing/stages.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "strategies/door/expression.h"

namespace querist::strategies {

Pool with_candidates(const Pool& pool, std::span<const int64_t> candidates, bool with_costs) {
  Pool part = pool;
  part.candidates = candidates;
  part.checked = true;  // It came through the door already.
  part.memory = nullptr;
  if (!with_costs) part.costs = {};
  return part;
}

Selection run_stage(std::string_view expression, const Pool& pool, size_t count, Rng& rng) {
  const auto chosen = parse_strategy(expression);
  return select_batch(*chosen.card, pool, count, chosen.params, rng.next64());
}

static WeightedStrategy weighted(std::string_view part) {
  const size_t colon = part.rfind(':');
  if (colon == std::string_view::npos || part.find(')', colon) != std::string_view::npos)
    return {std::string(part)};
  const std::string_view digits = part.substr(colon + 1);
  double weight = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), weight);
  if (problem != std::errc() || end != digits.data() + digits.size() || !std::isfinite(weight))
    refuse("\"{}\" must be written as strategy:weight", part);
  return {std::string(part.substr(0, colon)), weight};
}

std::vector<WeightedStrategy> weighted_strategies(std::string_view list) {
  std::vector<WeightedStrategy> parts;
  for (const std::string& part : split_strategies(list)) parts.push_back(weighted(part));
  return parts;
}

std::vector<WeightedStrategy> portfolio(std::string_view list) {
  auto parts = weighted_strategies(list);
  double total = 0;
  for (const WeightedStrategy& part : parts) {
    if (part.weight < 0) refuse("the weight of {} in the portfolio is negative", part.expression);
    total += part.weight;
  }
  if (total <= 0) refuse("the portfolio needs a strategy of positive weight");
  return parts;
}

Selection rank_sums(std::string_view ranks, const Pool& pool, Rng& rng) {
  const size_t n = pool.candidates.size();
  std::vector<double> sums(n, 0);
  for (const auto& [expression, weight] : weighted_strategies(ranks)) {
    const Selection order = run_stage(expression, pool, n, rng);
    for (size_t rank = 0; rank < order.rows.size(); ++rank) {
      const auto at =
          std::lower_bound(pool.candidates.begin(), pool.candidates.end(), order.rows[rank]);
      sums[static_cast<size_t>(at - pool.candidates.begin())] +=
          weight * (1 - static_cast<double>(rank) / static_cast<double>(n));
    }
  }
  Pool without_costs = pool;  // They counted in each order.
  without_costs.costs = {};
  return top_k(without_costs, sums, n);
}

Selection stochastic_top(const Selection& order, Chance chance, double beta, size_t count,
                         Rng& rng) {
  const size_t n = order.rows.size();
  std::vector<double> scores(n);
  std::vector<std::pair<double, size_t>> disturbed(n);
  for (size_t i = 0; i < n; ++i) {
    const double utility = order.utilities[i];
    scores[i] = chance == Chance::softmax ? beta * utility
                : chance == Chance::rank  ? -beta * std::log(static_cast<double>(i) + 1)
                                          : beta * std::log(std::max(utility, 1e-300));
    const double gumbel = -std::log(-std::log(std::max(rng.uniform(), 0x1.0p-53)));
    disturbed[i] = {scores[i] + gumbel, i};
  }
  std::sort(disturbed.begin(), disturbed.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  count = std::min(count, n);
  const double bar = count < n ? disturbed[count].first : -std::numeric_limits<double>::infinity();
  Selection selection;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = disturbed[i].second;
    selection.rows.push_back(order.rows[at]);
    selection.utilities.push_back(disturbed[i].first);
    const double propensity = -std::expm1(-std::exp(scores[at] - bar));
    selection.propensities.push_back(static_cast<float>(std::clamp(propensity, 1e-30, 1.0)));
  }
  return selection;
}

static void append(const Selection& from, size_t at, Selection& to) {
  to.rows.push_back(from.rows[at]);
  to.utilities.push_back(from.utilities[at]);
  if (!from.propensities.empty()) to.propensities.push_back(from.propensities[at]);
}

Selection even_shares(const Selection& order, std::span<const int32_t> keys, size_t count) {
  // Rounds: in each, every key gives the best that it has left, keys in the order of those.
  std::map<int32_t, size_t> given;
  std::vector<std::pair<size_t, size_t>> places;  // (round, place in the order)
  for (size_t i = 0; i < order.rows.size(); ++i) places.emplace_back(given[keys[i]]++, i);
  std::sort(places.begin(), places.end());
  Selection selection;
  for (size_t i = 0; i < std::min(count, places.size()); ++i)
    append(order, places[i].second, selection);
  return selection;
}

}  // namespace querist::strategies
