// Rows of tables as other sources send them: missing fields, noise, other units, wrong categories.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "featurizers/tabular/cells.h"
#include "loop/perturbations/perturbation.h"

namespace querist::loop {

using featurizers::is_missing;
using featurizers::NumberCell;
using featurizers::read_number;

// What the sample says of one column.
struct ColumnValues {
  bool is_number = false;
  double deviation = 0;
  std::vector<std::string> categories;  // Ascending; empty: a text, or too many to be categories.
};

static ColumnValues values_of(std::span<const Payload> sample, size_t column) {
  ColumnValues values;
  std::map<std::string, size_t> seen;
  double sum = 0;
  double squares = 0;
  double count = 0;
  double numbers = 0;
  for (const Payload& payload : sample) {
    const std::string& cell = payload.cells[column];
    if (is_missing(cell)) continue;
    ++seen[cell];
    ++count;
    double number = 0;
    if (read_number(cell, number) != NumberCell::number) continue;
    ++numbers;
    sum += number;
    squares += number * number;
  }
  values.is_number = count > 0 && numbers == count;
  if (values.is_number) {
    const double mean = sum / count;
    values.deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
  } else if (seen.size() >= 2 && 2 * static_cast<double>(seen.size()) <= count) {
    for (const auto& [cell, times] : seen) values.categories.push_back(cell);
  }
  return values;
}

using Columns = std::vector<ColumnValues>;

static void drop_fields(Payload& payload, double amount, Rng& rng) {
  std::vector<size_t> filled;
  for (size_t c = 0; c < payload.cells.size(); ++c) {
    if (!is_missing(payload.cells[c])) filled.push_back(c);
  }
  for (const size_t place : some_places(filled.size(), amount, rng))
    payload.cells[filled[place]].clear();
}

// Replaces each number by what `change` makes of it and its column's deviation.
template <class Change>
static void change_numbers(const Columns& columns, Payload& payload, Change&& change) {
  for (size_t c = 0; c < columns.size(); ++c) {
    double number = 0;
    if (!columns[c].is_number || is_missing(payload.cells[c]) ||
        read_number(payload.cells[c], number) != NumberCell::number) {
      continue;
    }
    payload.cells[c] = fmt::format("{:.9g}", change(number, columns[c].deviation));
  }
}

static void swap_categories(const Columns& columns, Payload& payload, double amount, Rng& rng) {
  std::vector<size_t> places;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].categories.empty() && !is_missing(payload.cells[c])) places.push_back(c);
  }
  for (const size_t place : some_places(places.size(), amount, rng)) {
    const auto& categories = columns[places[place]].categories;
    std::string& cell = payload.cells[places[place]];
    const auto own = std::lower_bound(categories.begin(), categories.end(), cell);
    const bool known = own != categories.end() && *own == cell;
    auto drawn = static_cast<size_t>(rng.below(categories.size() - known));
    if (known && drawn >= static_cast<size_t>(own - categories.begin())) ++drawn;
    cell = categories[drawn];
  }
}

std::vector<Perturbation> table_perturbations(std::span<const Payload> sample) {
  Columns columns;
  bool has_numbers = false;
  bool has_categories = false;
  for (size_t c = 0; !sample.empty() && c < sample[0].cells.size(); ++c) {
    columns.push_back(values_of(sample, c));
    has_numbers = has_numbers || columns.back().is_number;
    has_categories = has_categories || !columns.back().categories.empty();
  }
  std::vector<Perturbation> all = {{"dropped_fields",
                                    "Fields left empty.",
                                    "share of the fields that are filled",
                                    {0, 0.1, 0.2, 0.3, 0.4, 0.5},
                                    drop_fields}};
  if (has_numbers) {
    all.push_back({"noise",
                   "Numbers with normal noise.",
                   "standard deviations of the column",
                   {0, 0.1, 0.25, 0.5, 1, 2},
                   [columns](Payload& payload, double amount, Rng& rng) {
                     change_numbers(columns, payload, [&](double number, double deviation) {
                       return number + amount * deviation * rng.normal();
                     });
                   }});
    all.push_back({"scale",
                   "Numbers in another unit: all times 1 + the amount.",
                   "relative change",
                   {0, 0.05, 0.1, 0.25, 0.5, 1},
                   [columns](Payload& payload, double amount, Rng&) {
                     change_numbers(columns, payload,
                                    [&](double number, double) { return number * (1 + amount); });
                   }});
  }
  if (has_categories) {
    all.push_back({"swapped_categories",
                   "Categories replaced by another of their column.",
                   "share of the categories",
                   {0, 0.1, 0.2, 0.3, 0.4, 0.5},
                   [columns](Payload& payload, double amount, Rng& rng) {
                     swap_categories(columns, payload, amount, rng);
                   }});
  }
  return all;
}

}  // namespace querist::loop
