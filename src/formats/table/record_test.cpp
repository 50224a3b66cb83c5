// The record reader against a parser that goes character by character, on random text in random
// pieces.
#include "formats/table/record.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "formats/format/collected.h"

namespace querist::formats {

struct PlainRow {
  std::vector<std::string> cells;
  bool bad = false;
};

// RFC 4180 as a reader would do it by hand, with the rules for what the RFC leaves open.
static std::vector<PlainRow> parse_plainly(const std::string& text) {
  std::vector<PlainRow> rows;
  const size_t n = text.size();
  const auto line_ends = [&](size_t at) {
    return at >= n || text[at] == '\n' ||
           (text[at] == '\r' && (at + 1 == n || text[at + 1] == '\n'));
  };
  for (size_t i = 0; i < n;) {
    if (line_ends(i)) {
      i += text[i] == '\r' ? 2 : 1;
      continue;
    }
    PlainRow row;
    for (bool in_row = true; in_row; ++i) {
      std::string cell;
      const bool quoted = i < n && text[i] == '"';
      bool closed = false;
      if (quoted) ++i;
      while (quoted && i < n && !closed) {
        if (text[i] != '"') {
          cell += text[i++];
        } else if (i + 1 < n && text[i + 1] == '"') {
          cell += '"';
          i += 2;
        } else {
          closed = true;
          ++i;
        }
      }
      if (quoted && (!closed || (!line_ends(i) && text[i] != ','))) row.bad = true;
      if (closed && i < n && text[i] == '\r' && line_ends(i)) ++i;
      while (i < n && text[i] != ',' && text[i] != '\n') cell += text[i++];
      in_row = i < n && text[i] == ',';
      if (!in_row && !quoted && !cell.empty() && cell.back() == '\r') cell.pop_back();
      row.cells.push_back(cell);
    }
    rows.push_back(row);
  }
  return rows;
}

static std::string random_text(Rng& rng) {
  constexpr std::string_view alphabet = "\"\"\",,,\n\n\r\rab ";
  std::string text;
  const size_t length = rng.below(40);
  for (size_t i = 0; i < length; ++i) text += alphabet[rng.below(alphabet.size())];
  return text;
}

TEST(RecordReader, AgreesWithAPlainParserOnRandomText) {
  Rng rng(7);
  for (int round = 0; round < 30'000; ++round) {
    const std::string text = random_text(rng);
    const std::vector<PlainRow> expected = parse_plainly(text);
    Window window(source_of(text, 1 + rng.below(7)));
    RecordReader reader(window, {});
    const size_t skipped = rng.below(3);
    size_t row = 0;
    while (row < skipped && reader.pass_over()) ++row;
    Record record;
    for (; reader.next(record); ++row) {
      ASSERT_LT(row, expected.size()) << testing::PrintToString(text);
      ASSERT_EQ(!record.problem.empty(), expected[row].bad) << testing::PrintToString(text);
      if (expected[row].bad) continue;
      const std::vector<std::string> cells(record.cells.begin(), record.cells.end());
      ASSERT_EQ(cells, expected[row].cells) << testing::PrintToString(text);
    }
    ASSERT_EQ(row, expected.size()) << testing::PrintToString(text);
  }
}

TEST(RecordReader, ForgetsARowTooLargeToHoldAndGoesOnBehindIt) {
  Rng rng(8);
  for (const bool quoted : {false, true}) {
    // 100 MB in one cell, with delimiters and line ends inside where quotes allow them.
    const std::string filler = quoted ? "a,\"\"\n" : "abcde";
    const std::string head = quoted ? "x,\"" : "x,";
    const std::string tail = quoted ? "\",y\nnext,row,here\n" : ",y\nnext,row,here\n";
    size_t sent = 0;
    const size_t body = 100'000'000;
    const size_t total = head.size() + body + tail.size();
    Window window([&](char* buffer, size_t size) {
      const size_t count = std::min(size, total - sent);
      for (size_t i = 0; i < count; ++i) {
        const size_t at = sent + i;
        buffer[i] = at < head.size()          ? head[at]
                    : at < head.size() + body ? filler[(at - head.size()) % filler.size()]
                                              : tail[at - head.size() - body];
      }
      sent += count;
      return count;
    });
    RecordReader reader(window, {});
    Record record;
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.problem, "the cell in column 2 is larger than 16 MiB");
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.problem, "");
    EXPECT_EQ(record.cells, (std::vector<std::string_view>{"next", "row", "here"}));
    EXPECT_FALSE(reader.next(record));
  }
}

}  // namespace querist::formats
