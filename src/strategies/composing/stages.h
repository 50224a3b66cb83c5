// The stages that a composed strategy is made of; each works on candidates in an order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/pool.h"
#include "data/selection.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// The pool with fewer candidates (ascending), with or without its prices.
Pool with_candidates(const Pool& pool, std::span<const int64_t> candidates, bool with_costs);

// Runs the strategy of an expression over the pool.
Selection run_stage(std::string_view expression, const Pool& pool, size_t count, Rng& rng);

// The parts of "margin:1, information_density:0.5": expressions with their weights, 1 where none is
// written. Throws invalid_argument for a weight that is no finite number.
struct WeightedStrategy {
  std::string expression;
  double weight = 1;
};
std::vector<WeightedStrategy> weighted_strategies(std::string_view list);

// The strategies of a portfolio with their shares. Throws invalid_argument for a negative weight,
// or where none is positive.
std::vector<WeightedStrategy> portfolio(std::string_view list);

// Every candidate by the sum of its weighted ranks in the orders of several strategies:
// "margin:1, information_density:0.5". Utility: sum of weight * (1 - rank / n), rank from 0.
Selection rank_sums(std::string_view ranks, const Pool& pool, Rng& rng);

// How chance enters an order (Kirsch et al. 2023, "Stochastic batch acquisition"): power adds
// Gumbel noise to beta * ln(utility), softmax to beta * utility, rank to -beta * ln(rank).
enum class Chance { none, power, softmax, rank };

// The `count` of largest disturbed utility, with the probability that each beats the first one left
// out (Kool, van Hoof and Welling 2019): one over it is the row's importance weight.
Selection stochastic_top(const Selection& order, Chance chance, double beta, size_t count,
                         Rng& rng);

// The first `count` of the order, of which no key has more than its even share as long as others
// have candidates left. keys: one an entry of the order.
Selection even_shares(const Selection& order, std::span<const int32_t> keys, size_t count);

}  // namespace querist::strategies
