// The frame of the methods that guess the truth and the annotators in turns (expectation
// maximisation, Dempster, Laird and Rubin 1977).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/params.h"
#include "consensus/active_lab/answers.h"

namespace querist::consensus {

// The share of an item's answers that each class has, (items, classes).
std::vector<double> vote_shares(const AnswerTable& table);

// Log-scores of one item to probabilities, in place: exp less the largest, over their sum.
void normalise_logs(std::span<double> row);

// Rows that every such method has: max_rounds and tolerance.
ParamSpecs round_params(ParamSpecs own = {});

// Starts from the vote shares. Each round calls learn with the posteriors (items, classes), then
// score for every item, which adds log-likelihoods to a row of zeros. Ends when no posterior moved
// by more than the tolerance, or after max_rounds. Gives the posteriors and the rounds. Over all
// threads by item.
struct Posteriors {
  std::vector<double> values;
  size_t rounds = 0;
};
Posteriors take_turns(const AnswerTable& table, const Params& params,
                      const std::function<void(std::span<const double> posteriors)>& learn,
                      const std::function<void(size_t item, std::span<double> row)>& score);

}  // namespace querist::consensus
