// Gathers column statistics and decides types by a few stated rules.
#include "featurizers/tabular/summary.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "featurizers/tabular/cells.h"

namespace querist::featurizers {

static constexpr double clear_majority =
    0.95;  // Of the cells present, to be a column of numbers or dates.
static constexpr uint64_t enough_rows = 20;  // Fewer rows show no identifier.
static constexpr size_t few_values =
    100;  // A column of so few values is a category however few rows there are.

std::string_view type_word(ColumnType type) {
  constexpr std::string_view words[] = {"number", "category", "date", "text", "dropped"};
  return words[static_cast<size_t>(type)];
}

void Moments::add(double value) {
  min = count == 0 ? value : std::min(min, value);
  max = count == 0 ? value : std::max(max, value);
  ++count;
  const double before = value - mean;
  mean += before / static_cast<double>(count);
  squares += before * (value - mean);
}

double Moments::deviation() const {
  return count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
}

static bool is_coded(std::string_view cell) {
  cell = trimmed(cell);
  return cell.size() > 1 && cell[0] == '0' && cell[1] >= '0' && cell[1] <= '9';
}

static uint64_t count_words(std::string_view cell) {
  uint64_t words = 0;
  bool inside = false;
  for (const char c : cell) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    words += !space && !inside;
    inside = !space;
  }
  return words;
}

void ColumnSummary::add(std::string_view cell, size_t most_values) {
  if (is_missing(cell)) {
    ++missing;
    return;
  }
  ++present;
  words += count_words(cell);
  double number = 0;
  const NumberCell kind = read_number(cell, number);
  unusable += kind == NumberCell::unusable;
  if (kind == NumberCell::number) {
    coded += is_coded(cell);
    counts_up = counts_up && number == std::floor(number) &&
                (numbers.count == 0 || number == last_number + 1);
    last_number = number;
    numbers.add(number);
  } else {
    counts_up = false;
    if (const auto date = read_date(cell, false)) month_first.add(*date);
    if (const auto date = read_date(cell, true)) day_first.add(*date);
  }
  if (many_values) return;
  ++values[category_key(cell)];
  if (values.size() > most_values) {
    many_values = true;
    values = {};
  }
}

static bool named_like_an_id(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower == "id" || lower == "uuid" || lower == "guid" || lower == "index" ||
         lower.ends_with("_id") || lower.ends_with(" id") || lower.starts_with("id_") ||
         name.ends_with("Id") || name.ends_with("ID");
}

TypeDecision decide_type(std::string_view name, const ColumnSummary& s) {
  const auto present = static_cast<double>(s.present);
  if (s.present == 0) return {ColumnType::dropped, "every cell is missing"};
  const bool one_value = !s.many_values && s.values.size() == 1;
  if (one_value && s.missing == 0) return {ColumnType::dropped, "constant: every cell is the same"};
  if (one_value) return {ColumnType::category, "one value or missing"};
  const bool all_differ =
      s.present >= enough_rows && (s.many_values || s.values.size() == s.present);
  const auto numbers = static_cast<double>(s.numbers.count + s.unusable);
  const bool codes = static_cast<double>(s.coded) >= 0.01 * present && s.coded > 0;
  if (s.numbers.count > 0 && !codes && numbers >= clear_majority * present) {
    if (all_differ && s.counts_up)
      return {ColumnType::dropped, "identifier: the rows are numbered one by one"};
    if (all_differ && named_like_an_id(name)) {
      return {ColumnType::dropped, "identifier: named like one, and every cell differs"};
    }
    return {ColumnType::number, ""};
  }
  if (static_cast<double>(s.dates().count) >= clear_majority * present) {
    return {ColumnType::date, s.is_day_first() ? "day before month" : ""};
  }
  const double words = static_cast<double>(s.words) / present;
  if (all_differ && words < 1.5)
    return {ColumnType::dropped, "identifier: every cell is a different single word"};
  if (s.many_values) return {ColumnType::text, "too many different values for a category"};
  const auto distinct = static_cast<double>(s.values.size());
  if (s.present >= enough_rows && words >= 3 && distinct > 0.2 * present)
    return {ColumnType::text, ""};
  if (s.values.size() <= few_values || distinct <= 0.5 * present) {
    return {ColumnType::category, codes ? "codes: numbers with leading zeros" : ""};
  }
  return {ColumnType::text, "most cells differ"};
}

std::map<std::string, ColumnType> parse_types(std::string_view text,
                                              const std::vector<std::string>& columns) {
  std::map<std::string, ColumnType> types;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(text.size(), comma + 1));
    if (item.empty()) continue;
    const size_t equals = item.rfind('=');
    if (equals == std::string_view::npos) {
      refuse("types: \"{}\" should be column=type, for example age=number,zip=category", item);
    }
    const std::string name(trimmed(item.substr(0, equals)));
    const std::string_view word = trimmed(item.substr(equals + 1));
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
      refuse("types: there is no column \"{}\"; the columns are {}", name,
             fmt::join(columns, ", "));
    }
    if (word == "number")
      types[name] = ColumnType::number;
    else if (word == "category")
      types[name] = ColumnType::category;
    else if (word == "date")
      types[name] = ColumnType::date;
    else if (word == "text")
      types[name] = ColumnType::text;
    else if (word == "drop")
      types[name] = ColumnType::dropped;
    else
      refuse("types: \"{}\" is no type; the types are number, category, date, text and drop", word);
  }
  return types;
}

std::string refuse_width(size_t cells, size_t columns) {
  if (cells == columns) return "";
  return fmt::format("the row has {} cells, but the table has {} columns", cells, columns);
}

std::vector<ColumnSummary> summarise(const FitInput& input, const Progress& progress) {
  const size_t columns = input.columns.size();
  std::vector<ColumnSummary> summaries(columns);
  const size_t most_values =
      std::clamp<size_t>(2'000'000 / std::max<size_t>(1, columns), 500, 50'000);
  uint64_t rows = 0;
  input.payloads([&](std::span<const Payload> batch) {
    progress.check();
    for (size_t i = 0; i < batch.size(); ++i) {
      const std::string reason = refuse_width(batch[i].cells.size(), columns);
      if (!reason.empty()) refuse("payload {}: {}", rows + i, reason);
    }
    parallel_for(columns, 1, [&](size_t begin, size_t end) {
      for (size_t column = begin; column < end; ++column) {
        for (const Payload& payload : batch)
          summaries[column].add(payload.cells[column], most_values);
      }
    });
    rows += batch.size();
    progress.at(static_cast<double>(rows), 0, "rows");
  });
  return summaries;
}

}  // namespace querist::featurizers
