// Tab-separated text, where a quote may be a quote or just a character.
#include <gtest/gtest.h>

#include "formats/format/collected.h"

namespace querist::formats {

static std::vector<std::string> texts(const Collected& collected) {
  std::vector<std::string> all;
  for (const auto& [row, example] : collected.examples) all.push_back(example.payload.text);
  return all;
}

using Texts = std::vector<std::string>;

TEST(Tsv, KeepsQuotesThatAreJustText) {
  const auto got = collect_bytes("tsv",
                                 "label\ttext\nham\t\"Gimme a few\" was <#> minutes "
                                 "ago\nham\t\"HEY BABE!\nspam\tWIN, \"now\"\n");
  EXPECT_EQ(texts(got),
            (Texts{"\"Gimme a few\" was <#> minutes ago", "\"HEY BABE!", "WIN, \"now\""}));
  EXPECT_TRUE(got.problems.empty());
}

TEST(Tsv, DoesNotLetAStrayQuoteSwallowTheRowsBehindIt) {
  const auto got = collect_bytes("tsv", "label\ttext\nham\t\"one\nham\ttwo\"\nham\t\"three\"\n");
  EXPECT_EQ(texts(got), (Texts{"\"one", "two\"", "three"}));
}

TEST(Tsv, ReadsCellsQuotedBySpreadsheets) {
  const auto got = collect_bytes(
      "tsv", "text\tlabel\n\"a\tb\"\tx\n\"two\nlines, \"\"quoted\"\"\"\ty\r\nplain\tz\r\n");
  EXPECT_EQ(texts(got), (Texts{"a\tb", "two\nlines, \"quoted\"", "plain"}));
  EXPECT_EQ(got.examples[1].second.label, "y");
}

TEST(Tsv, ReportsRaggedRows) {
  const auto got = collect_bytes("tsv", "text\tlabel\na\nb\tx\n");
  EXPECT_EQ(texts(got), (Texts{"b"}));
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_EQ(got.problems[0].reason, "the row has 1 cell, but the header names 2");
}

}  // namespace querist::formats
