// NAME or NAME(key=value, key=value); a value may hold parentheses of its own.
#include "base/expression.h"

#include "base/error.h"

namespace querist {

static std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split_outside_parentheses(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth < 0) refuse("\"{}\" closes a parenthesis that is not open", text);
    if (text[i] == ',' && depth == 0) {
      parts.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (depth > 0) refuse("\"{}\" leaves a parenthesis open", text);
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

// A value with commas of its own stands in parentheses: those around the whole of it are no part.
static std::string_view without_parentheses(std::string_view value) {
  if (!value.starts_with('(')) return value;
  int depth = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '(') ++depth;
    if (value[i] == ')' && --depth == 0 && i + 1 < value.size()) return value;
  }
  return trimmed(value.substr(1, value.size() - 2));
}

Expression parse_expression(std::string_view whole) {
  const std::string_view text = trimmed(whole);
  const size_t open = text.find('(');
  Expression out{.name = trimmed(text.substr(0, open)), .settings = {}};
  if (open == std::string_view::npos) return out;
  if (text.back() != ')') refuse("\"{}\" must end with its closing parenthesis", text);
  const auto inside = text.substr(open + 1, text.size() - open - 2);
  for (const auto part : split_outside_parentheses(inside)) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos)
      refuse("\"{}\" of {} must be written as name=value", part, out.name);
    out.settings.emplace_back(trimmed(part.substr(0, equals)),
                              without_parentheses(trimmed(part.substr(equals + 1))));
  }
  return out;
}

}  // namespace querist
