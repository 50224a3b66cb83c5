// Cuts a stream of JSON into rows: the lines of JSONL, or the elements of one top-level array, in
// bounded memory.
#pragma once

#include <string>
#include <string_view>

#include "formats/stream/window.h"

namespace querist::formats {

struct JsonRow {
  std::string_view
      text;  // One JSON value; 64 bytes behind it may be read. Lives until the next call.
  std::string problem;  // Why it cannot be used; empty: it can.
};

class JsonRows {
 public:
  explicit JsonRows(Window& window) : window_(window) {}

  // False at the end.
  bool next(JsonRow& row);
  // Whether the rows are the elements of an array; known after the first next().
  bool in_array() const { return array_; }

 private:
  bool skip_space();
  bool next_line(JsonRow& row);
  bool next_element(JsonRow& row);
  void pass_large(JsonRow& row);

  Window& window_;
  bool started_ = false;
  bool array_ = false;
  bool array_ended_ = false;
};

}  // namespace querist::formats
