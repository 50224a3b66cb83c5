// The first rows are looked at before any goes out, so that a field the very first lacks is known
// all the same.
#include "formats/json/read_json.h"

#include <vector>

#include "base/limits.h"
#include "formats/json/example.h"
#include "formats/json/rows.h"
#include "formats/stream/encoding.h"

namespace querist::formats {

static constexpr size_t studied_rows = 200;
static constexpr size_t studied_bytes = size_t{1} << 20;
static constexpr size_t padding = 64;  // What the parser may read beyond a row.

struct HeldRow {
  std::string text;
  std::string problem;
};

// Holds the first rows back and studies them: at least one sound object, then until either bound.
static std::vector<HeldRow> study_first(JsonRows& rows, JsonExamples& examples, const Roles& roles,
                                        bool& settled) {
  std::vector<HeldRow> held;
  size_t bytes = 0;
  JsonRow row;
  while (held.size() < studied_rows && bytes < studied_bytes && rows.next(row)) {
    bytes += row.text.size();
    if (row.problem.empty()) examples.study(row.text);
    held.push_back({std::string(row.text), row.problem});
    held.back().text.reserve(row.text.size() + padding);
  }
  settled = examples.settle(roles);
  return held;
}

void read_json(const ByteSource& bytes, const std::filesystem::path* folder, const Roles& roles,
               int64_t skip_rows, const Receiver& receiver) {
  Window window(as_utf8(bytes));
  JsonRows rows(window);
  JsonExamples examples(folder);
  bool settled = false;
  std::vector<HeldRow> held = study_first(rows, examples, roles, settled);
  if (!settled && !held.empty() &&
      held.front().text.find_last_not_of("{ \t\r") == std::string::npos) {
    refuse(
        "the file is one JSON object over many lines; write one object a line, or an array of "
        "objects");
  }
  if (held.empty() && !rows.in_array()) {
    refuse("there is nothing to read; write one JSON object a line, or an array of objects");
  }
  if (settled) receiver.layout(examples.layout());
  int64_t number = 0;
  const auto deliver = [&](std::string_view text, std::string problem) {
    if (!settled && problem.empty()) {
      examples.study(text);
      settled = examples.settle(roles);
      if (settled) receiver.layout(examples.layout());
    }
    if (++number <= skip_rows) return;
    NewExample example;
    if (problem.empty()) problem = examples.fill(example, text);
    if (problem.empty()) {
      receiver.example(number, std::move(example));
    } else {
      receiver.problem({number, std::move(problem)});
    }
  };
  for (HeldRow& row : held) deliver(row.text, std::move(row.problem));
  held.clear();
  JsonRow row;
  while (rows.next(row)) deliver(row.text, std::move(row.problem));
}

}  // namespace querist::formats
