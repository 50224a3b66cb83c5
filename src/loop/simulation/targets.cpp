// Each distinct text is read once; its first row is the one that is named.
#include "loop/simulation/targets.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.h"

namespace querist::loop {

static std::optional<float> number_in(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const auto target = static_cast<float>(number);
  return std::isfinite(target) ? std::optional(target) : std::nullopt;
}

void read_targets(Table& table) {
  std::vector<std::optional<float>> numbers;
  for (const std::string& text : table.classes) numbers.push_back(number_in(text));
  table.targets.assign(table.labels.size(), 0);
  std::optional<float> low, high;
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] < 0) continue;
    const auto at = static_cast<size_t>(table.labels[i]);
    if (!numbers[at]) {
      refuse(
          "row {}: the label \"{}\" is not a finite number; regression reads numbers such as 12 or "
          "-3.5e2: clean the column, leave the cell empty, or simulate with --task classification",
          table.source_rows[i] + 1, table.classes[at]);
    }
    table.targets[i] = *numbers[at];
    low = std::min(low.value_or(*numbers[at]), *numbers[at]);
    high = std::max(high.value_or(*numbers[at]), *numbers[at]);
    table.labels[i] = 0;
  }
  if (!low) refuse("no row has a label: name the column of the numbers with --label");
  if (*low == *high)
    refuse("every label is {}: there is nothing to predict; name another column with --label",
           *low);
  table.classes.clear();
}

}  // namespace querist::loop
