// JSON Lines and JSON arrays: fields to roles, values to text, and what is wrong with a row.
#include <gtest/gtest.h>

#include "formats/format/collected.h"
#include "formats/stream/window.h"

namespace querist::formats {

using Texts = std::vector<std::string>;

static Texts texts(const Collected& collected) {
  Texts all;
  for (const auto& [row, example] : collected.examples) all.push_back(example.payload.text);
  return all;
}

static void expect_reason(const Collected& got, size_t at, int64_t row, std::string_view part) {
  ASSERT_LT(at, got.problems.size());
  EXPECT_EQ(got.problems[at].row, row);
  EXPECT_NE(got.problems[at].reason.find(part), std::string::npos) << got.problems[at].reason;
}

TEST(Jsonl, TakesImagesFromDataUrlsAndNothingElseAsOne) {
  const auto got = collect_bytes("jsonl",
                                 "{\"image_url\": \"data:image/png;base64,UDUgMSAxIDI1NQr/\"}\n"
                                 "{\"image_url\": \"data:image/png;base64,bm8gcGljdHVyZQ==\"}\n"
                                 "{\"image_url\": \"a.png\"}");
  ASSERT_EQ(got.examples.size(), 1u);
  EXPECT_EQ(got.examples[0].second.payload.image, "P5 1 1 255\n\xff");
  expect_reason(got, 0, 2, "no JPEG");
  expect_reason(got, 1, 3, "data: URL");
}

TEST(Jsonl, ReadsObjectsByTheirFields) {
  const auto got = collect_bytes("jsonl",
                                 "{\"id\": 7, \"text\": \"a\\nb \\u00fc\", \"label\": "
                                 "\"x\"}\r\n\n{\"text\": \"c\", \"label\": 1, \"id\": \"q\"}\n"
                                 "{\"text\": \"d\", \"label\": true}\n{\"text\": \"e\", \"label\": "
                                 "null}\n{\"text\": \"f\", \"label\": \"\"}\n"
                                 "{\"text\": \"g\", \"label\": 1.5}");
  EXPECT_FALSE(got.error);
  EXPECT_EQ(texts(got), (Texts{"a\nb ü", "c", "d", "e", "f", "g"}));
  EXPECT_EQ(got.examples[0].second.external_id, "7");
  EXPECT_EQ(got.examples[0].second.label, "x");
  EXPECT_EQ(got.examples[1].second.label, "1");
  EXPECT_EQ(got.examples[2].second.label, "true");
  EXPECT_EQ(got.examples[3].second.label, std::nullopt);
  EXPECT_EQ(got.examples[4].second.label, std::nullopt);
  EXPECT_EQ(got.examples[5].second.label, "1.5");
}

TEST(Jsonl, ReadsOurOwnExampleShape) {
  const auto text = collect_bytes(
      "jsonl", R"([{"external_id": "e1", "text": "t", "label": "l", "group": "g", "time": "2020",
     "split": "train", "meta": {"b": 1, "a": [1, 2]}}])");
  ASSERT_EQ(text.examples.size(), 1u);
  const NewExample& example = text.examples[0].second;
  EXPECT_EQ(example.external_id, "e1");
  EXPECT_EQ(example.group, "g");
  EXPECT_EQ(example.time, "2020");
  EXPECT_EQ(example.split, "train");
  EXPECT_EQ(example.meta, R"({"b":1,"a":[1,2]})");
  const auto cells = collect_bytes("jsonl",
                                   "{\"columns\": {\"a\": 1, \"b\": \"x\"}, \"label\": "
                                   "\"l\"}\n{\"columns\": {\"b\": null, \"c\": 3, \"a\": 2.5}}\n");
  ASSERT_EQ(cells.examples.size(), 2u);
  EXPECT_EQ(cells.layout->columns, (Texts{"a", "b"}));
  EXPECT_EQ(cells.examples[0].second.payload.cells, (Texts{"1", "x"}));
  EXPECT_EQ(cells.examples[1].second.payload.cells, (Texts{"2.5", ""}));
  const auto numbers =
      collect_bytes("jsonl", "{\"embedding\": [1, 2.5, -3e0], \"label\": \"l\"}\n");
  ASSERT_EQ(numbers.examples.size(), 1u);
  EXPECT_EQ(numbers.layout->payload, PayloadKind::embedding);
  EXPECT_EQ(numbers.examples[0].second.payload.embedding, (std::vector<float>{1, 2.5, -3}));
}

TEST(Jsonl, TakesTheColumnsOfTheFirstObject) {
  const auto got = collect_bytes("jsonl",
                                 "{\"a\": 1, \"b\": [1, {\"c\": null}], \"group\": 5}\n{\"b\": "
                                 "false, \"a\": 1.0, \"z\": 9}\n{\"y\": \"p\"}\n");
  EXPECT_EQ(got.layout->payload, PayloadKind::columns);
  EXPECT_EQ(got.layout->columns, (Texts{"a", "b", "group"}));
  EXPECT_EQ(got.examples[0].second.payload.cells, (Texts{"1", "[1,{\"c\":null}]", "5"}));
  EXPECT_EQ(got.examples[1].second.payload.cells, (Texts{"1", "false", ""}));
  EXPECT_EQ(got.examples[2].second.label, "p");
}

TEST(Jsonl, KnowsARoleThatOnlyALaterObjectHas) {
  const auto got = collect_bytes("jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\", \"stars\": 5}\n",
                                 {.label = "stars"});
  EXPECT_FALSE(got.error);
  ASSERT_EQ(got.examples.size(), 2u);
  EXPECT_EQ(got.examples[1].second.label, "5");
  const auto missing = collect_bytes("jsonl", "{\"text\": \"a\"}\n", {.label = "stars"});
  ASSERT_TRUE(missing.error);
  EXPECT_STREQ(missing.error->what(),
               "there is no column \"stars\", asked for as label; the columns are text");
}

static Texts labels(const Collected& got) {
  Texts out;
  for (const auto& [row, example] : got.examples) out.push_back(example.label.value_or("none"));
  return out;
}

TEST(Jsonl, ReadsListsOfLabels) {
  const auto got = collect_bytes("jsonl",
                                 "{\"text\": \"x\", \"labels\": [\"a\", \"b|c\", 3, true]}\n"
                                 "{\"text\": \"x\", \"labels\": []}\n"
                                 "{\"text\": \"x\", \"labels\": null}\n{\"text\": \"x\"}\n"
                                 "{\"text\": \"x\", \"labels\": \"a|b\"}\n"
                                 "{\"text\": \"x\", \"labels\": 7}\n"
                                 "{\"text\": \"x\", \"labels\": [\"a\", null]}\n"
                                 "{\"text\": \"x\", \"labels\": [[\"a\"]]}\n"
                                 "{\"text\": \"x\", \"labels\": {\"a\": 1}}\n"
                                 "{\"text\": \"x\", \"labels\": [\"a\\u0000\"]}\n",
                                 {.label_separator = "|"});
  EXPECT_FALSE(got.error);
  EXPECT_EQ(labels(got),
            (Texts{R"(["a","b|c","3","true"])", "[]", "none", "none", R"(["a","b"])", R"(["7"])"}));
  ASSERT_EQ(got.problems.size(), 4u);
  expect_reason(got, 0, 7, "entry 2 of the list of labels is no name");
  expect_reason(got, 1, 8, "entry 1 of the list of labels is no name");
  expect_reason(got, 2, 9, "list of names");
  expect_reason(got, 3, 10, "NUL");
}

TEST(Jsonl, ReadsAFieldALabel) {
  const auto got = collect_bytes("jsonl",
                                 "{\"text\": \"x\", \"a\": 1, \"b\": false}\n"
                                 "{\"text\": \"x\", \"a\": 0, \"b\": 0.0}\n"
                                 "{\"text\": \"x\", \"a\": null}\n"
                                 "{\"text\": \"x\", \"b\": true}\n"
                                 "{\"text\": \"x\", \"a\": 1, \"b\": 0.5}\n",
                                 {.label_columns = {"a", "b"}});
  EXPECT_EQ(labels(got), (Texts{R"(["a"])", "[]", "none"}));
  ASSERT_EQ(got.problems.size(), 2u);
  expect_reason(got, 0, 4, "the label column \"a\" holds \"\"");
  expect_reason(got, 1, 5, "the label column \"b\" holds \"0.5\"");
}

TEST(Jsonl, ReportsBadRowsAndKeepsTheOthers) {
  const auto got = collect_bytes("jsonl",
                                 "{\"text\": \"a\"}\n{\"text\": \"b\"\n[1]\n{\"text\": "
                                 "\"\"}\n{\"label\": 1}\n{\"text\": \"sch\xf6n\"}\n"
                                 "{\"text\": \"nul\\u0000\"}\n{\"text\": \"x\", \"label\": "
                                 "[1]}\n{\"text\": \"x\", \"score\": NaN}\n"
                                 "{\"text\": \"x\", \"meta\": 3}\n{\"text\": \"z\"}\n");
  EXPECT_FALSE(got.error);
  EXPECT_EQ(texts(got), (Texts{"a", "z"}));
  ASSERT_EQ(got.problems.size(), 9u);
  expect_reason(got, 0, 2, "not valid JSON");
  expect_reason(got, 1, 3, "no JSON object");
  expect_reason(got, 2, 4, "missing or empty");
  expect_reason(got, 3, 5, "missing or empty");
  expect_reason(got, 4, 6, "not UTF-8");
  expect_reason(got, 5, 7, "NUL");
  expect_reason(got, 6, 8, "must be a text, a number");
  expect_reason(got, 7, 9, "no NaN");
  expect_reason(got, 8, 10, "meta");
  EXPECT_EQ(got.last_row, 11);
}

TEST(Jsonl, ReportsEmbeddingsThatAreNotFiniteOrOfAnotherLength) {
  const auto got = collect_bytes("jsonl",
                                 "{\"embedding\": [1, 2]}\n{\"embedding\": [1]}\n{\"embedding\": "
                                 "[1, null]}\n{\"embedding\": [1e300, 2]}\n"
                                 "{\"embedding\": [NaN, 2]}\n{\"embedding\": []}\n{\"embedding\": "
                                 "\"x\"}\n{\"label\": 1}\n{\"embedding\": [3, 4]}\n");
  ASSERT_EQ(got.examples.size(), 2u);
  ASSERT_EQ(got.problems.size(), 7u);
  expect_reason(got, 0, 2, "has 1 numbers, the first one has 2");
  expect_reason(got, 1, 3, "number 2 of the embedding is no number");
  expect_reason(got, 2, 4, "number 1 of the embedding is too large");
  expect_reason(got, 3, 5, "no NaN");
  expect_reason(got, 4, 6, "empty");
  expect_reason(got, 5, 7, "no array");
  expect_reason(got, 6, 8, "missing");
}

TEST(Jsonl, ReadsAnArrayAsItComesWhateverThePieces) {
  const std::string array =
      " [ {\"text\": \"a, ] } \\\" \\\\\", \"x\": [1, {\"y\": 2}]} ,\n{\"text\": \"b\"},{\"text\": "
      "\"c\"}\n] \n";
  for (const size_t piece : {1, 2, 5, 1000}) {
    const auto got = collect_bytes("jsonl", array, {}, 0, piece);
    EXPECT_EQ(texts(got), (Texts{"a, ] } \" \\", "b", "c"}));
    EXPECT_TRUE(got.problems.empty());
  }
  EXPECT_EQ(texts(collect_bytes("jsonl", array, {}, 2)), (Texts{"c"}));
  EXPECT_TRUE(collect_bytes("jsonl", "[]").problems.empty());
}

TEST(Jsonl, ReportsArraysThatAreCutOrContinueBehindTheirEnd) {
  const auto cut = collect_bytes("jsonl", "[{\"text\": \"a\"}, {\"text\": \"b");
  EXPECT_EQ(texts(cut), (Texts{"a"}));
  expect_reason(cut, 0, 2, "cut short");
  const auto open = collect_bytes("jsonl", "[{\"text\": \"a\"},");
  EXPECT_EQ(texts(open), (Texts{"a"}));
  expect_reason(open, 0, 2, "no closing bracket");
  const auto more = collect_bytes("jsonl", "[{\"text\": \"a\"}] {\"text\": \"b\"}");
  EXPECT_EQ(texts(more), (Texts{"a"}));
  expect_reason(more, 0, 2, "follows the end");
  const auto broken =
      collect_bytes("jsonl", "[{\"text\": \"a},\n{\"text\": \"b\"},\n{\"text\": \"c\"}]");
  EXPECT_FALSE(broken.error);
  EXPECT_FALSE(broken.problems.empty());
}

TEST(Jsonl, RefusesOneObjectSpreadOverLines) {
  const auto got = collect_bytes("jsonl", "{\n  \"rows\": [\n  ]\n}\n");
  ASSERT_TRUE(got.error);
  EXPECT_NE(std::string(got.error->what()).find("one object a line"), std::string::npos);
}

TEST(Jsonl, PassesOverRowsAndValuesOverTheLimits) {
  for (const bool array : {false, true}) {
    const std::string row = "{\"text\": \"" + std::string(max_row_bytes, 'x') + ",\"}";
    const std::string value =
        "{\"text\": \"" + std::string(limits::max_cell_bytes + 1, 'y') + "\"}";
    const std::string between = array ? ",\n" : "\n";
    const auto got = collect_bytes("jsonl", (array ? "[" : "") + std::string("{\"text\": \"a\"}") +
                                                between + row + between + value + between +
                                                "{\"text\": \"b\"}" + (array ? "]" : ""));
    EXPECT_EQ(texts(got), (Texts{"a", "b"}));
    ASSERT_EQ(got.problems.size(), 2u);
    expect_reason(got, 0, 2, "larger than 32 MiB");
    expect_reason(got, 1, 3, "larger than 16 MiB");
  }
}

TEST(Jsonl, RefusesDeepNestingInItsRow) {
  const std::string deep = "{\"text\": " + std::string(5000, '[') + std::string(5000, ']') + "}\n";
  const auto got = collect_bytes("jsonl", "{\"text\": \"a\"}\n" + deep + "{\"text\": \"b\"}\n");
  EXPECT_EQ(texts(got), (Texts{"a", "b"}));
  EXPECT_EQ(got.problems.size(), 1u);
}

}  // namespace querist::formats
