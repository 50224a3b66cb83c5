// Hand-written readers: locale-free, and strict enough that a text is not taken for a date.
#include "featurizers/tabular/cells.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/hash.h"

namespace querist::featurizers {

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

static bool equals_any_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return lowered(a) == b; });
}

std::string_view trimmed(std::string_view cell) {
  while (!cell.empty() && is_space(cell.front())) cell.remove_prefix(1);
  while (!cell.empty() && is_space(cell.back())) cell.remove_suffix(1);
  return cell;
}

bool is_missing(std::string_view cell) {
  cell = trimmed(cell);
  constexpr std::array<std::string_view, 9> words = {"",    "?",    "-",    "na",  "n/a",
                                                     "nan", "null", "none", "#n/a"};
  return cell.size() <= 4 && std::any_of(words.begin(), words.end(), [&](std::string_view word) {
           return equals_any_case(cell, word);
         });
}

// "1,234,567.8" without its commas, or nothing if the commas do not part thousands.
static std::optional<std::string> without_thousands(std::string_view text) {
  std::string plain;
  size_t run = 0;  // Digits since the start or the last comma.
  bool commas = false;
  size_t at = 0;
  for (; at < text.size() && text[at] != '.'; ++at) {
    if (text[at] == ',') {
      if (run == 0 || run > 3 || (commas && run != 3)) return std::nullopt;
      commas = true;
      run = 0;
    } else {
      if (is_digit(text[at]))
        ++run;
      else if (at != 0 || text[at] != '-')
        return std::nullopt;
      plain += text[at];
    }
  }
  if (!commas || run != 3) return std::nullopt;
  return plain + std::string(text.substr(at));
}

NumberCell read_number(std::string_view cell, double& number) {
  cell = trimmed(cell);
  if (cell.size() > 1 && cell.front() == '+' && cell[1] != '-') cell.remove_prefix(1);
  if (cell.size() > 1 && cell.back() == '%') cell.remove_suffix(1);
  if (cell.empty() || cell.size() > 400) return NumberCell::other;
  std::string plain;
  if (cell.find(',') != std::string_view::npos) {
    auto stripped = without_thousands(cell);
    if (!stripped) return NumberCell::other;
    plain = std::move(*stripped);
    cell = plain;
  }
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (end != cell.data() + cell.size() || error == std::errc::invalid_argument)
    return NumberCell::other;
  const bool usable = error == std::errc() && std::abs(number) <= std::numeric_limits<float>::max();
  return usable ? NumberCell::number : NumberCell::unusable;
}

// A cursor over the pieces of a date.
struct DateText {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  }
  // A number of min … max digits; -1 if there is none.
  int digits(size_t min, size_t max) {
    size_t n = 0;
    int value = 0;
    while (n < rest.size() && n < max && is_digit(rest[n])) value = value * 10 + (rest[n++] - '0');
    if (n < min || (n < rest.size() && is_digit(rest[n]))) return -1;
    rest.remove_prefix(n);
    return value;
  }
  // An English month, whole or its first three letters; 0 if there is none.
  int month() {
    constexpr std::array<std::string_view, 12> names = {
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december"};
    size_t n = 0;
    while (n < rest.size() && lowered(rest[n]) >= 'a' && lowered(rest[n]) <= 'z') ++n;
    const std::string_view word = rest.substr(0, n);
    for (size_t i = 0; i < names.size(); ++i) {
      if (!equals_any_case(word, names[i]) && !equals_any_case(word, names[i].substr(0, 3)))
        continue;
      rest.remove_prefix(n);
      take('.');
      return static_cast<int>(i) + 1;
    }
    return 0;
  }
};

// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant's days_from_civil); nothing if
// there is no such day.
static std::optional<int64_t> days_of(int year, int month, int day) {
  constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return std::nullopt;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > lengths[month - 1] + (month == 2 && leap ? 1 : 0)) return std::nullopt;
  const int64_t y = year - (month <= 2 ? 1 : 0);
  const int64_t era = y / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

static std::optional<int64_t> take_day(DateText& text, bool day_first) {
  if (const int month = text.month()) {  // Mar 14, 2020
    text.skip_spaces();
    const int day = text.digits(1, 2);
    text.take(',');
    text.skip_spaces();
    return days_of(text.digits(4, 4), month, day);
  }
  DateText iso = text;
  if (const int year = iso.digits(4, 4); year >= 0) {  // 2020-03-14
    const char mark = iso.rest.empty() ? ' ' : iso.rest.front();
    if (mark != '-' && mark != '/' && mark != '.') return std::nullopt;
    iso.take(mark);
    const int month = iso.digits(1, 2);
    if (!iso.take(mark)) return std::nullopt;
    const int day = iso.digits(1, 2);
    text = iso;
    return days_of(year, month, day);
  }
  const int first = text.digits(1, 2);
  const char mark = first < 0 || text.rest.empty() ? 'x' : text.rest.front();
  if (mark != '-' && mark != '/' && mark != '.' && mark != ' ') return std::nullopt;
  text.take(mark);
  if (const int month = text.month()) {  // 14 March 2020, 14-Mar-2020
    text.take(',');
    if (mark == ' ')
      text.skip_spaces();
    else if (!text.take(mark))
      return std::nullopt;
    return days_of(text.digits(4, 4), month, first);
  }
  const int second = text.digits(1, 2);
  if (mark == ' ' || second < 0 || !text.take(mark)) return std::nullopt;
  const int year = text.digits(4, 4);
  return day_first || mark == '.' ? days_of(year, second, first) : days_of(year, first, second);
}

// hh:mm[:ss[.fraction]] [am|pm], then Z or an offset; nothing if it is no time.
static std::optional<double> take_time(DateText& text) {
  int hour = text.digits(1, 2);
  if (hour < 0 || !text.take(':')) return std::nullopt;
  const int minute = text.digits(2, 2);
  int second = 0;
  if (text.take(':')) {
    second = text.digits(2, 2);
    if (text.take('.') || text.take(',')) {
      while (!text.rest.empty() && is_digit(text.rest.front())) text.rest.remove_prefix(1);
    }
  }
  text.skip_spaces();
  if (text.rest.size() == 2 && lowered(text.rest[1]) == 'm') {
    const char half = lowered(text.rest[0]);
    if ((half != 'a' && half != 'p') || hour < 1 || hour > 12) return std::nullopt;
    hour = hour % 12 + (half == 'p' ? 12 : 0);
    text.rest = {};
  }
  if (hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  double seconds = hour * 3600.0 + minute * 60.0 + second;
  if (text.take('Z') || text.take('z') || text.rest.empty()) return seconds;
  const bool west = text.take('-');
  if (!west && !text.take('+')) return std::nullopt;
  const int both = text.digits(4, 4);  // +0530, else +05:30 or +05.
  const int offset_hours = both >= 0 ? both / 100 : text.digits(2, 2);
  const int offset_minutes = both >= 0 ? both % 100 : text.take(':') ? text.digits(2, 2) : 0;
  if (offset_hours < 0 || offset_minutes < 0) return std::nullopt;
  const double offset = offset_hours * 3600.0 + offset_minutes * 60.0;
  return west ? seconds + offset : seconds - offset;
}

std::optional<double> read_date(std::string_view cell, bool day_first) {
  DateText text{trimmed(cell)};
  if (text.rest.size() < 8 || text.rest.size() > 45) return std::nullopt;
  const auto days = take_day(text, day_first);
  if (!days) return std::nullopt;
  double seconds = 0;
  if (!text.rest.empty()) {
    if (!text.take('T') && !text.take('t') && !text.take(' ')) return std::nullopt;
    text.skip_spaces();
    const auto time = take_time(text);
    if (!time || !text.rest.empty()) return std::nullopt;
    seconds = *time;
  }
  return static_cast<double>(*days) * 86400 + seconds;
}

std::string category_key(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() <= 200) return std::string(cell);
  return fmt::format("{}… {:016x}", cell.substr(0, 160), fast_hash(cell));
}

}  // namespace querist::featurizers
