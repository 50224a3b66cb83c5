// A strategy's card and parameters from an expression.
#include "strategies/door/expression.h"

#include "base/expression.h"

namespace querist::strategies {

std::vector<std::string> split_strategies(std::string_view list) {
  std::vector<std::string> expressions;
  for (const auto part : split_outside_parentheses(list)) {
    if (!part.empty()) expressions.emplace_back(part);
  }
  return expressions;
}

ChosenStrategy parse_strategy(std::string_view text) {
  const Expression expression = parse_expression(text);
  ChosenStrategy chosen;
  chosen.card = &find(expression.name);
  chosen.params = Params(chosen.card->params);
  for (const auto& [name, value] : expression.settings) chosen.params.set_text(name, value);
  return chosen;
}

}  // namespace querist::strategies
