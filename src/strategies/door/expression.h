// A strategy with its parameters in one text, as settings, flags and stored selections write it:
// "margin", or "max_herding(gamma=2, max_targets=500)". A value that has commas stands in
// parentheses: "compose(ranks=(margin:1, entropy:2), choose=)".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "strategies/strategy.h"

namespace querist::strategies {

struct ChosenStrategy {
  const QueryStrategy* card = nullptr;
  Params params;  // Of the card's rows, with what the text sets.
};

// Throws not_found for a name that is none and invalid_argument for a parameter that the card does
// not have or that is out of its range, or parentheses that do not match.
ChosenStrategy parse_strategy(std::string_view expression);

// The expressions of a comma-separated list; commas inside parentheses separate parameters.
std::vector<std::string> split_strategies(std::string_view list);

}  // namespace querist::strategies
