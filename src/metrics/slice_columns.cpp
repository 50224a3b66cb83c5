// Texts and numbers of rows as columns to slice by.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "metrics/slices.h"

namespace querist::metrics {

static constexpr std::string_view missing = "(missing)";

SliceColumn categorical_column(std::string name, std::span<const std::string> texts) {
  std::map<std::string, int32_t> codes;
  for (const std::string& text : texts) codes.emplace(text.empty() ? missing : text, 0);
  SliceColumn column{std::move(name), {}, {}};
  for (auto& [text, code] : codes) {
    code = static_cast<int32_t>(column.values.size());
    column.values.push_back(text);
  }
  for (const std::string& text : texts)
    column.codes.push_back(codes.at(text.empty() ? std::string(missing) : text));
  return column;
}

// The upper ends of all bins but the last: ascending numbers among those given.
static std::vector<double> bin_ends(const std::vector<double>& sorted, size_t bins) {
  std::vector<double> ends;
  for (size_t b = 1; b < bins; ++b) {
    const double end = sorted[(sorted.size() * b - 1) / bins];
    if (end < sorted.back() && (ends.empty() || end > ends.back())) ends.push_back(end);
  }
  return ends;
}

static std::vector<std::string> bin_names(const std::vector<double>& ends) {
  if (ends.empty()) return {"any number"};
  std::vector<std::string> names = {fmt::format("up to {:.6g}", ends.front())};
  for (size_t b = 1; b < ends.size(); ++b)
    names.push_back(fmt::format("over {:.6g} up to {:.6g}", ends[b - 1], ends[b]));
  names.push_back(fmt::format("over {:.6g}", ends.back()));
  return names;
}

SliceColumn binned_column(std::string name, std::span<const double> numbers, size_t bins) {
  if (bins < 1) refuse("numbers cannot be put into {} bins", bins);
  SliceColumn column{std::move(name), {}, {}};
  std::vector<double> sorted;
  for (const double number : numbers) {
    if (!std::isnan(number)) sorted.push_back(number);
  }
  std::sort(sorted.begin(), sorted.end());
  const auto ends = sorted.empty() ? std::vector<double>() : bin_ends(sorted, bins);
  if (!sorted.empty()) column.values = bin_names(ends);
  const auto none = static_cast<int32_t>(column.values.size());
  if (sorted.size() < numbers.size()) column.values.emplace_back(missing);
  for (const double number : numbers) {
    const auto bin = std::lower_bound(ends.begin(), ends.end(), number) - ends.begin();
    column.codes.push_back(std::isnan(number) ? none : static_cast<int32_t>(bin));
  }
  return column;
}

static double number_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(number) ? number : std::numeric_limits<double>::quiet_NaN();
}

SliceColumn inferred_column(std::string name, std::span<const std::string> texts, size_t bins) {
  std::vector<double> numbers;
  size_t given = 0;
  std::vector<double> distinct;
  for (const std::string& text : texts) {
    given += !text.empty();
    numbers.push_back(number_of(text));
    if (!std::isnan(numbers.back())) distinct.push_back(numbers.back());
  }
  const bool mostly = given > 0 && 20 * distinct.size() >= 19 * given;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (mostly && distinct.size() > bins) return binned_column(std::move(name), numbers, bins);
  return categorical_column(std::move(name), texts);
}

}  // namespace querist::metrics
