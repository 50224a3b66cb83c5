// What a table's columns hold, gathered in one pass, and the type that follows from it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "featurizers/featurizer.h"

namespace querist::featurizers {

enum class ColumnType : uint8_t { number, category, date, text, dropped };

std::string_view type_word(ColumnType type);

// Mean and spread of a stream (Welford 1962).
struct Moments {
  uint64_t count = 0;
  double mean = 0;
  double squares = 0;
  double min = 0;
  double max = 0;

  void add(double value);
  double deviation() const;
};

struct ColumnSummary {
  uint64_t missing = 0;
  uint64_t present = 0;
  uint64_t unusable = 0;  // Numbers that are infinite or overflow.
  uint64_t words = 0;     // White-space-parted, over all cells present.
  uint64_t coded = 0;     // Whole numbers with a leading zero, as codes are written.
  Moments numbers;
  Moments month_first;  // Dates read as 3/14/2020 and as 14/3/2020: the reading that fits more
                        // cells wins.
  Moments day_first;
  double last_number = 0;
  bool counts_up = true;  // Whole numbers, each one more than the one before.
  std::unordered_map<std::string, uint64_t> values;  // How often each category_key() occurs,
  bool many_values = false;                          // unless there were too many to count.

  void add(std::string_view cell, size_t most_values);
  const Moments& dates() const {
    return day_first.count > month_first.count ? day_first : month_first;
  }
  bool is_day_first() const { return day_first.count > month_first.count; }
};

struct TypeDecision {
  ColumnType type = ColumnType::dropped;
  std::string reason;  // Why it was dropped or taken so, for people.
};

TypeDecision decide_type(std::string_view name, const ColumnSummary& summary);

// "age=number,zip=category": column name to type word (number, category, date, text, drop). Refuses
// unknown columns and words by name.
std::map<std::string, ColumnType> parse_types(std::string_view text,
                                              const std::vector<std::string>& columns);

// Reads the whole stream once; refuses rows of another width.
std::vector<ColumnSummary> summarise(const FitInput& input, const Progress& progress);

// Why a row of so many cells cannot be read; empty text: it can.
std::string refuse_width(size_t cells, size_t columns);

}  // namespace querist::featurizers
