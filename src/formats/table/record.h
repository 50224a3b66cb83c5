// Splits delimited text into records (RFC 4180), one at a time, in place and in bounded memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/stream/window.h"

namespace querist::formats {

struct Dialect {
  char delimiter = ',';
  char line_end = '\n';
  // Whether a quote that does not close as it should spoils its row. If not, as in tab-separated
  // exports where quotes mostly are just text, such a quote is an ordinary character.
  bool strict_quotes = true;
};

struct Record {
  std::vector<std::string_view> cells;  // Unquoted; they live until the reader's next call.
  std::string problem;                  // Why the row cannot be used; empty: it can.
};

class RecordReader {
 public:
  RecordReader(Window& window, Dialect dialect) : window_(window), dialect_(dialect) {}

  // The next record, lines without any character passed over; false at the end.
  bool next(Record& record);
  // Goes past the next record as next() would; false at the end.
  bool pass_over();

 private:
  bool at_record();
  size_t split(std::string_view bytes);
  size_t split_quoted(std::string_view bytes);
  bool unquoted_cell(std::string_view bytes, size_t begin, size_t from, size_t& at, size_t& length);
  bool quoted_cell(std::string_view bytes, size_t& at, size_t& length);
  bool literal_quote(std::string_view bytes, size_t open, size_t close) const;
  size_t line_end_at(std::string_view bytes, size_t at) const;
  void finish(Record& record, size_t length);
  std::string discard();

  Window& window_;
  Dialect dialect_;
  std::vector<std::string_view> cells_;  // Of the record being split, quotes doubled still.
  std::vector<size_t> doubled_;          // The cells that hold doubled quotes.
  std::string fault_;
};

}  // namespace querist::formats
