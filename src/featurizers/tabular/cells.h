// What one cell of a table says: a number, a date, or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace querist::featurizers {

std::string_view trimmed(std::string_view cell);

// Empty, or one of the usual words for "nothing here": NA, N/A, NaN, null, none, ?, - (any case).
bool is_missing(std::string_view cell);

enum class NumberCell {
  number,
  unusable,
  other
};  // unusable: infinite, or beyond what float32 can hold.

// Reads "12", "-1.5e3", "+3", "1,234.5" and "12%" (as 12); white space around is ignored.
NumberCell read_number(std::string_view cell, double& number);

// Seconds since 1970 UTC of an ISO 8601 date or time, 3/14/2020 (or 14/3/2020 with
// day_first), 14.3.2020, 14 March 2020 or Mar 14, 2020, each with an optional time of day.
std::optional<double> read_date(std::string_view cell, bool day_first);

// A category's name in the model: the trimmed cell, long ones cut and told apart by a hash.
std::string category_key(std::string_view cell);

}  // namespace querist::featurizers
