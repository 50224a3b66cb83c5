// The fast path splits lines without quotes by memchr; the slow one follows quotes; a third forgets
// what is too large.
#include "formats/table/record.h"

#include <algorithm>
#include <cstring>

#include "formats/stream/encoding.h"

namespace querist::formats {

static constexpr size_t none = std::string_view::npos;

static std::string large_cell(size_t column) {
  return fmt::format("the cell in column {} is larger than {} MiB", column,
                     limits::max_cell_bytes >> 20);
}

static std::string large_row() {
  return fmt::format("the row is larger than {} MiB", max_row_bytes >> 20);
}

static std::string open_quote(size_t column) {
  return fmt::format(
      "the quote that opens the cell in column {} is never closed, "
      "so the rest of the file belongs to this row",
      column);
}

bool RecordReader::at_record() {
  for (;;) {
    const std::string_view rest = window_.rest();
    if (rest.empty()) {
      if (!window_.more()) return false;
    } else if (rest[0] == dialect_.line_end) {
      window_.pass(1);
    } else if (rest[0] != '\r') {
      return true;
    } else if (rest.size() == 1 && !window_.ended()) {
      window_.more();
    } else if (rest.size() == 1 || rest[1] == dialect_.line_end) {
      window_.pass(std::min<size_t>(rest.size(), 2));
    } else {
      return true;
    }
  }
}

// The length of the line end at `at`: 0 when there is none, npos when only the next byte can tell.
size_t RecordReader::line_end_at(std::string_view bytes, size_t at) const {
  if (bytes[at] == dialect_.line_end) return 1;
  if (bytes[at] != '\r') return 0;
  if (at + 1 == bytes.size()) return window_.ended() ? 1 : none;
  return bytes[at + 1] == dialect_.line_end ? 2 : 0;
}

// Splits the record at the front of bytes into cells_; answers its length with the line end, 0 if
// its end is not there.
size_t RecordReader::split(std::string_view bytes) {
  cells_.clear();
  doubled_.clear();
  fault_.clear();
  const auto* end =
      static_cast<const char*>(std::memchr(bytes.data(), dialect_.line_end, bytes.size()));
  size_t line = end ? static_cast<size_t>(end - bytes.data()) : bytes.size();
  if (std::memchr(bytes.data(), '"', line)) return split_quoted(bytes);
  if (!end && !window_.ended()) return 0;
  const size_t length = end ? line + 1 : line;
  if (line > 0 && bytes[line - 1] == '\r') --line;
  std::string_view left = bytes.substr(0, line);
  for (;;) {
    const size_t at = left.find(dialect_.delimiter);
    if (at == none) break;
    cells_.push_back(left.substr(0, at));
    left.remove_prefix(at + 1);
  }
  cells_.push_back(left);
  return length;
}

size_t RecordReader::split_quoted(std::string_view bytes) {
  size_t at = 0;
  size_t length = 0;
  for (;;) {
    const bool quoted = at < bytes.size() && bytes[at] == '"';
    const bool known =
        quoted ? quoted_cell(bytes, at, length) : unquoted_cell(bytes, at, at, at, length);
    if (!known) return 0;
    if (length) return length;
  }
}

// Takes the cell from `begin`, whose bytes up to `from` are looked at already. True when its end is
// there: then `at` is where the next cell begins or, for the record's last cell, `length` the
// record's.
bool RecordReader::unquoted_cell(std::string_view bytes, size_t begin, size_t from, size_t& at,
                                 size_t& length) {
  size_t end = from;
  while (end < bytes.size() && bytes[end] != dialect_.delimiter && bytes[end] != dialect_.line_end)
    ++end;
  if (end == bytes.size() && !window_.ended()) return false;
  const bool last = end == bytes.size() || bytes[end] == dialect_.line_end;
  size_t text_end = end;
  if (last && text_end > from && bytes[text_end - 1] == '\r') --text_end;
  cells_.push_back(bytes.substr(begin, text_end - begin));
  if (last) {
    length = std::min(end + 1, bytes.size());
  } else {
    at = end + 1;
  }
  return true;
}

// Where the quote at `open` closes, npos if not in these bytes.
static size_t closing_quote(std::string_view bytes, size_t open, bool& doubled) {
  for (size_t at = open + 1;;) {
    at = bytes.find('"', at);
    if (at == none) return none;
    if (at + 1 == bytes.size() || bytes[at + 1] != '"') return at;
    doubled = true;
    at += 2;
  }
}

// Whether, where quotes are mostly text, the one at `open` is: its cell would run over a line end
// and hold a delimiter, which is how rows look that a stray quote has swallowed.
bool RecordReader::literal_quote(std::string_view bytes, size_t open, size_t close) const {
  if (dialect_.strict_quotes) return false;
  const std::string_view body = bytes.substr(open + 1, close == none ? none : close - open - 1);
  if (body.size() > limits::max_cell_bytes) return true;
  if (body.find(dialect_.line_end) != none && body.find(dialect_.delimiter) != none) return true;
  return close == none && window_.ended();
}

// As unquoted_cell, for a cell that begins with a quote at `at`.
bool RecordReader::quoted_cell(std::string_view bytes, size_t& at, size_t& length) {
  const size_t open = at;
  bool doubled = false;
  const size_t close = closing_quote(bytes, open, doubled);
  if (literal_quote(bytes, open, close)) return unquoted_cell(bytes, open, open, at, length);
  if (close == none) {
    if (!window_.ended()) return false;
    cells_.push_back(bytes.substr(open + 1));
    if (fault_.empty()) fault_ = open_quote(cells_.size());
    length = bytes.size();
    return true;
  }
  const size_t next = close + 1;
  if (next == bytes.size() && !window_.ended()) return false;
  const size_t line_end = next == bytes.size() ? 0 : line_end_at(bytes, next);
  if (line_end == none) return false;
  const bool cell_ends = next < bytes.size() && bytes[next] == dialect_.delimiter;
  if (next != bytes.size() && line_end == 0 && !cell_ends) {
    if (!dialect_.strict_quotes) return unquoted_cell(bytes, open, open, at, length);
    if (!unquoted_cell(bytes, open, next, at, length)) return false;
    if (fault_.empty()) {
      fault_ = fmt::format(
          "the cell in column {} goes on after its closing quote; double the quotes within a cell",
          cells_.size());
    }
    return true;
  }
  if (doubled) doubled_.push_back(cells_.size());
  cells_.push_back(bytes.substr(open + 1, close - open - 1));
  if (cell_ends) {
    at = next + 1;
  } else {
    length = next + line_end;
  }
  return true;
}

// Drops every second quote of a run, in place; the window's bytes before its rest belong to the
// record.
static std::string_view undouble(std::string_view cell) {
  char* const begin = const_cast<char*>(cell.data());
  const char* const end = begin + cell.size();
  char* out = begin;
  for (const char* from = begin; from < end;) {
    const auto* quote =
        static_cast<const char*>(std::memchr(from, '"', static_cast<size_t>(end - from)));
    const size_t run =
        quote ? static_cast<size_t>(quote + 1 - from) : static_cast<size_t>(end - from);
    std::memmove(out, from, run);
    out += run;
    from += run + (quote ? 1 : 0);
  }
  return {begin, static_cast<size_t>(out - begin)};
}

void RecordReader::finish(Record& record, size_t length) {
  const std::string_view raw = window_.rest().substr(0, length);
  record.problem = fault_;
  const auto large = std::find_if(cells_.begin(), cells_.end(), [](std::string_view cell) {
    return cell.size() > limits::max_cell_bytes;
  });
  if (large != cells_.end()) {
    record.problem = large_cell(static_cast<size_t>(large - cells_.begin()) + 1);
  }
  if (record.problem.empty()) record.problem = text_fault(raw);
  for (const size_t cell : doubled_) cells_[cell] = undouble(cells_[cell]);
  record.cells.swap(cells_);
  window_.pass(length);
}

// Goes to the end of a record too large to hold, by the same rules, keeping nothing; answers what
// is wrong with it.
std::string RecordReader::discard() {
  size_t column = 1;
  size_t cell = 0;  // Bytes of the present cell.
  size_t large = 0;
  bool quoted = false;
  bool after_quote = false;
  for (;;) {
    const std::string_view rest = window_.rest();
    size_t at = 0;
    for (; at < rest.size(); ++at) {
      const char c = rest[at];
      if (quoted) {
        const size_t close = rest.find('"', at);
        const size_t stop = close == none ? rest.size() : close;
        cell += stop - at;
        at = stop;
        if (close == none) break;
        quoted = false;
        after_quote = true;
      } else if (c == '"' && (after_quote || (cell == 0 && dialect_.strict_quotes))) {
        quoted = true;
        after_quote = false;
        ++cell;
      } else if (c == dialect_.line_end || c == dialect_.delimiter) {
        if (cell > limits::max_cell_bytes && !large) large = column;
        if (c == dialect_.line_end) {
          window_.pass(at + 1);
          return large ? large_cell(large) : large_row();
        }
        ++column;
        cell = 0;
        after_quote = false;
      } else {
        after_quote = false;
        ++cell;
      }
    }
    window_.pass(rest.size());
    if (window_.more()) continue;
    if (quoted) return open_quote(column);
    if (cell > limits::max_cell_bytes && !large) large = column;
    return large ? large_cell(large) : large_row();
  }
}

bool RecordReader::next(Record& record) {
  if (!at_record()) return false;
  for (;;) {
    const size_t length = split(window_.rest());
    if (length && length <= max_row_bytes) {
      finish(record, length);
      return true;
    }
    if (window_.rest().size() > max_row_bytes) {
      record.cells.clear();
      record.problem = discard();
      return true;
    }
    window_.more();
  }
}

bool RecordReader::pass_over() {
  if (!at_record()) return false;
  for (;;) {
    const std::string_view rest = window_.rest();
    const size_t line = rest.find(dialect_.line_end);
    if (line < max_row_bytes && !std::memchr(rest.data(), '"', line)) {
      window_.pass(line + 1);
      return true;
    }
    const size_t length = split(rest);
    if (length && length <= max_row_bytes) {
      window_.pass(length);
      return true;
    }
    if (rest.size() > max_row_bytes) {
      discard();
      return true;
    }
    window_.more();
  }
}

}  // namespace querist::formats
