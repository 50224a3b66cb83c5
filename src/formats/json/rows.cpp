// Lines end at a line feed; elements end at the comma or bracket outside every string and bracket
// of their own.
#include "formats/json/rows.h"

#include <array>
#include <cstring>

namespace querist::formats {

static constexpr size_t none = std::string_view::npos;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Follows JSON through pieces of text to the end of one element.
struct ElementScan {
  int64_t depth = 0;
  bool in_string = false;
  bool escaped = false;

  // Where the element ends at or after `from`; npos if not in these bytes.
  size_t end_in(std::string_view bytes, size_t from) {
    for (size_t at = from; at < bytes.size(); ++at) {
      const char c = bytes[at];
      if (in_string) {
        if (escaped) {
          escaped = false;
        } else if (c == '\\') {
          escaped = true;
        } else if (c == '"' || c == '\n') {
          in_string = false;  // No string holds a raw line feed: a quote that is lost spoils its
                              // own line only.
        }
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (depth > 0) {
        if (c == '}' || c == ']') --depth;
      } else if (c == ',' || c == ']') {
        return at;
      }
    }
    return none;
  }
};

bool JsonRows::skip_space() {
  for (;;) {
    const std::string_view rest = window_.rest();
    size_t at = 0;
    while (at < rest.size() && is_space(rest[at])) ++at;
    window_.pass(at);
    if (at < rest.size()) return true;
    if (!window_.more()) return false;
  }
}

static std::string large_row() {
  return fmt::format("the row is larger than {} MiB", max_row_bytes >> 20);
}

bool JsonRows::next_line(JsonRow& row) {
  size_t searched = 0;
  for (;;) {
    const std::string_view rest = window_.rest();
    const size_t end = rest.find('\n', searched);
    if (end != none || window_.ended()) {
      const size_t length = end == none ? rest.size() : end;
      row.text = rest.substr(0, length);
      if (length > max_row_bytes) row.problem = large_row();
      window_.pass(end == none ? length : end + 1);
      return true;
    }
    if (rest.size() > max_row_bytes) {
      pass_large(row);
      return true;
    }
    searched = rest.size();
    window_.more();
  }
}

// Passes the line or element at the front, which is too large to hold.
void JsonRows::pass_large(JsonRow& row) {
  row.problem = large_row();
  ElementScan scan;
  for (;;) {
    const std::string_view rest = window_.rest();
    const size_t end = array_ ? scan.end_in(rest, 0) : rest.find('\n');
    if (end != none) {
      if (array_ && rest[end] == ']') array_ended_ = true;
      window_.pass(end + 1);
      return;
    }
    window_.pass(rest.size());
    if (!window_.more()) return;
  }
}

bool JsonRows::next_element(JsonRow& row) {
  ElementScan scan;
  size_t searched = 0;
  for (;;) {
    const std::string_view rest = window_.rest();
    const size_t end = scan.end_in(rest, searched);
    if (end != none) {
      if (rest[end] == ']') array_ended_ = true;
      row.text = rest.substr(0, end);
      if (end > max_row_bytes) row.problem = large_row();
      window_.pass(end + 1);
      return true;
    }
    if (rest.size() > max_row_bytes) {
      pass_large(row);
      return true;
    }
    searched = rest.size();
    if (window_.more()) continue;
    row.text = window_.rest();
    row.problem =
        "the file ends within this row, before the array's closing bracket; it is cut short";
    window_.pass(window_.rest().size());
    return true;
  }
}

bool JsonRows::next(JsonRow& row) {
  row.text = {};
  row.problem.clear();
  if (!skip_space()) {
    if (!array_ || array_ended_) return false;
    array_ended_ = true;
    row.problem = "the array has no closing bracket; the file is cut short";
    return true;
  }
  if (!started_) {
    started_ = true;
    array_ = window_.rest()[0] == '[';
    if (array_) {
      window_.pass(1);
      if (!skip_space()) return next(row);
      if (window_.rest()[0] == ']') {
        window_.pass(1);
        array_ended_ = true;
        return next(row);
      }
    }
  }
  if (!array_) return next_line(row);
  if (!array_ended_) return next_element(row);
  row.problem = "something follows the end of the array; nothing from here on is read";
  while (window_.pass(window_.rest().size()), window_.more()) {
  }
  return true;
}

}  // namespace querist::formats
