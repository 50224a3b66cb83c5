// A plug-in with its parameters in one text, as settings, flags and stored choices write it:
// NAME, or NAME(key=value, key=value).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace querist {

// Views into the text that was parsed.
struct Expression {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> settings;
};

// A value that has commas stands in parentheses, which are no part of it: "compose(ranks=(a:1,
// b:2), choose=)"; it may hold an expression of its own. Throws invalid_argument for parentheses
// that do not match and for a setting that is not written as name=value.
Expression parse_expression(std::string_view text);

// The parts of a comma-separated list, trimmed; commas inside parentheses do not count.
std::vector<std::string_view> split_outside_parentheses(std::string_view text);

}  // namespace querist
