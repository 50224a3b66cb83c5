// What CSV files come with: quotes, line ends, encodings, raggedness, and columns that play parts.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "formats/format/collected.h"
#include "formats/format/packed.h"

namespace querist::formats {

static std::vector<std::string> texts(const Collected& collected) {
  std::vector<std::string> all;
  for (const auto& [row, example] : collected.examples) all.push_back(example.payload.text);
  return all;
}

static std::vector<std::string> problems(const Collected& collected) {
  std::vector<std::string> all;
  for (const RowProblem& problem : collected.problems)
    all.push_back(fmt::format("{}: {}", problem.row, problem.reason));
  return all;
}

using Texts = std::vector<std::string>;

TEST(Csv, ReadsQuotesDelimitersAndLineFeedsWithinCells) {
  const auto got =
      collect_bytes("csv", "text,label\n\"a, \"\"b\"\"\nc\",x\nplain 5\" pipe,y\n\"\",z\n");
  EXPECT_FALSE(got.error);
  EXPECT_EQ(texts(got), (Texts{"a, \"b\"\nc", "plain 5\" pipe"}));
  EXPECT_EQ(problems(got), (Texts{"3: the text is empty"}));
  EXPECT_EQ(got.examples[0].second.label, "x");
}

TEST(Csv, ReadsWindowsAndOldMacLineEndsAndSkipsEmptyLines) {
  const Texts expected = {"a", "b"};
  EXPECT_EQ(texts(collect_bytes("csv", "text,label\r\n\r\na,1\r\n\r\nb,2\r\n\r\n")), expected);
  EXPECT_EQ(texts(collect_bytes("csv", "text,label\ra,1\r\rb,2\r")), expected);
  EXPECT_EQ(texts(collect_bytes("csv", "\n\ntext,label\na,1\n\nb,2")), expected);
}

TEST(Csv, ReportsRaggedRowsWithTheirCounts) {
  const auto got = collect_bytes("csv", "text,label\na\nb,1\nc,1,2\n");
  EXPECT_EQ(texts(got), (Texts{"b"}));
  EXPECT_EQ(problems(got), (Texts{"1: the row has 1 cell, but the header names 2",
                                  "3: the row has 3 cells, but the header names 2"}));
}

TEST(Csv, KeepsTheRowsBeforeAQuoteThatIsNeverClosed) {
  const auto got = collect_bytes("csv", "text,label\na,1\nb,\"2\nc,3\n");
  EXPECT_EQ(texts(got), (Texts{"a"}));
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_EQ(got.problems[0].row, 2);
  EXPECT_NE(
      got.problems[0].reason.find("the quote that opens the cell in column 2 is never closed"),
      std::string::npos);
}

TEST(Csv, ReportsTextBehindAClosingQuoteAndGoesOn) {
  const auto got = collect_bytes("csv", "text,label\n\"a\" b,1\nc,2\n");
  EXPECT_EQ(texts(got), (Texts{"c"}));
  EXPECT_EQ(problems(got), (Texts{"1: the cell in column 1 goes on after its closing quote; double "
                                  "the quotes within a cell"}));
}

TEST(Csv, RefusesHeadersThatNameAColumnTwice) {
  const auto got = collect_bytes("csv", "text,label,text\na,b,c\n");
  ASSERT_TRUE(got.error);
  EXPECT_STREQ(got.error->what(), "the header names the column \"text\" twice; rename one of them");
}

TEST(Csv, RefusesEmptyFilesAndHeadersThatAreNoText) {
  for (const char* bytes : {"", "\n\n", "\xef\xbb\xbf"}) {
    const auto got = collect_bytes("csv", bytes);
    ASSERT_TRUE(got.error);
    EXPECT_EQ(got.error->code(), Code::invalid_argument);
    EXPECT_STREQ(got.error->what(), "the table is empty; its first line must name the columns");
  }
  const auto got = collect_bytes("csv", "te\xe4xt,label\na,b\n");
  ASSERT_TRUE(got.error);
  EXPECT_NE(std::string(got.error->what()).find("not UTF-8"), std::string::npos);
}

TEST(Csv, NumbersColumnsWithoutANameAsAnIndexHas) {
  const auto got = collect_bytes("csv", ",a\n0,x\n");
  ASSERT_TRUE(got.layout);
  EXPECT_EQ(got.layout->columns, (Texts{"column_1", "a"}));
}

TEST(Csv, ReportsRowsOfOtherEncodingsAndNulBytes) {
  const auto got =
      collect_bytes("csv", std::string("text,label\ngut,1\nsch\xf6n,2\na\0b,3\n\xc3\xbc,4\n", 36));
  EXPECT_EQ(texts(got), (Texts{"gut", "ü"}));
  ASSERT_EQ(got.problems.size(), 2u);
  EXPECT_NE(got.problems[0].reason.find("not UTF-8"), std::string::npos);
  EXPECT_NE(got.problems[0].reason.find("iconv"), std::string::npos);
  EXPECT_NE(got.problems[1].reason.find("NUL"), std::string::npos);
}

static std::string utf16(std::u16string_view text, bool big_endian) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    bytes += big_endian ? high : low;
    bytes += big_endian ? low : high;
  }
  return bytes;
}

TEST(Csv, ReadsByteOrderMarksAndUtf16) {
  const std::u16string_view table = u"\ufefftext,label\nschön €,1\n\U0001F600,2\n";
  const Texts expected = {"schön €", "\U0001F600"};
  EXPECT_EQ(texts(collect_bytes("csv", "\xef\xbb\xbftext,label\nschön €,1\n\U0001F600,2\n")),
            expected);
  for (const size_t piece : {1, 3, 1000}) {
    EXPECT_EQ(texts(collect_bytes("csv", utf16(table, false), {}, 0, piece)), expected);
    EXPECT_EQ(texts(collect_bytes("csv", utf16(table, true), {}, 0, piece)), expected);
  }
  // A lone surrogate spoils its row only.
  const std::u16string broken =
      std::u16string(u"\ufefftext,label\na,1\nb") + char16_t{0xd800} + u",2\nc,3\n";
  const auto got = collect_bytes("csv", utf16(broken, false));
  EXPECT_EQ(texts(got), (Texts{"a", "c"}));
  EXPECT_EQ(got.problems.size(), 1u);
  const auto wide = collect_bytes("csv", std::string("\xff\xfe\0\0t\0\0\0", 8));
  ASSERT_TRUE(wide.error);
  EXPECT_NE(std::string(wide.error->what()).find("UTF-32"), std::string::npos);
}

TEST(Csv, FollowsSemicolonsAndTabsWhereTheHeaderShowsThem) {
  EXPECT_EQ(texts(collect_bytes("csv", "text;label\na,b;1\n")), (Texts{"a,b"}));
  EXPECT_EQ(texts(collect_bytes("csv", "\"text\"\tlabel\na,b;\t1\n")), (Texts{"a,b;"}));
  EXPECT_EQ(texts(collect_bytes("csv", "text,\"la;bel\"\na;b,1\n")), (Texts{"a;b"}));
}

TEST(Csv, FindsTheRolesByTheirUsualNames) {
  const auto got =
      collect_bytes("csv", "ID,Review,category,split,other\n7,good,pos,train,x\n8,bad,,test,y\n");
  ASSERT_TRUE(got.layout);
  EXPECT_EQ(got.layout->payload, PayloadKind::text);
  EXPECT_EQ(got.layout->roles.text, "Review");
  EXPECT_EQ(got.layout->roles.label, "category");
  ASSERT_EQ(got.examples.size(), 2u);
  EXPECT_EQ(got.examples[0].second.external_id, "7");
  EXPECT_EQ(got.examples[0].second.split, "train");
  EXPECT_EQ(got.examples[0].second.label, "pos");
  EXPECT_EQ(got.examples[1].second.label, std::nullopt);
  EXPECT_EQ(got.examples[0].second.group, "");
}

TEST(Csv, TakesEveryUnusedColumnWhereThereIsNoText) {
  const auto got = collect_bytes("csv", "a,b,y,g\n1,,u,p\n2,3,v,q\n", {.group = "g"});
  ASSERT_TRUE(got.layout);
  EXPECT_EQ(got.layout->payload, PayloadKind::columns);
  EXPECT_EQ(got.layout->columns, (Texts{"a", "b"}));
  EXPECT_EQ(got.examples[0].second.payload.cells, (Texts{"1", ""}));
  EXPECT_EQ(got.examples[1].second.label, "v");
  EXPECT_EQ(got.examples[1].second.group, "q");
}

TEST(Csv, TakesTheColumnsAskedForInTheirOrder) {
  const auto got =
      collect_bytes("csv", "text,a,b,t\nhello,1,2,3\n", {.columns = {"b", "text"}, .time = "t"});
  ASSERT_TRUE(got.layout);
  EXPECT_EQ(got.layout->payload, PayloadKind::columns);
  EXPECT_EQ(got.examples[0].second.payload.cells, (Texts{"2", "hello"}));
  EXPECT_EQ(got.examples[0].second.time, "3");
}

static Texts labels(const Collected& got) {
  Texts out;
  for (const auto& [row, example] : got.examples) out.push_back(example.label.value_or("none"));
  return out;
}

TEST(Csv, DividesTheLabelsOfACell) {
  const std::string table = "text,labels\nx,a|b\nx,\nx, b |c d||\nx,\"say \"\"hi\"\"|a\"\n";
  EXPECT_EQ(labels(collect_bytes("csv", table, {.label_separator = "|"})),
            (Texts{R"(["a","b"])", "[]", R"(["b","c d"])", R"(["say \"hi\"","a"])"}));
  EXPECT_EQ(labels(collect_bytes("csv", "text,y\nx,a; b\n", {.label_separator = "; "})),
            (Texts{R"(["a","b"])"}));
  EXPECT_EQ(labels(collect_bytes("csv", "text,y\nx,a|b\n")), (Texts{"a|b"}));
}

TEST(Csv, ReadsAColumnALabel) {
  const Roles roles = {.columns = {"x"}, .label_columns = {"b", "a"}};
  const auto got = collect_bytes(
      "csv", "x,a,b,y\n1,1,0,q\n2,0,0,q\n3,true,1.0,q\n4,,,q\n5,1,,q\n6,2,1,q\n", roles);
  EXPECT_EQ(labels(got), (Texts{R"(["a"])", "[]", R"(["b","a"])", "none"}));
  EXPECT_EQ(
      problems(got),
      (Texts{"5: the label column \"b\" holds \"\"; of several label columns each says 1 or 0",
             "6: the label column \"a\" holds \"2\"; of several label columns each says 1 or "
             "0"}));
  const auto rest = collect_bytes("csv", "x,a,b,y\n1,1,0,q\n", {.label_columns = {"a", "b"}});
  EXPECT_EQ(rest.layout->columns, (Texts{"x", "y"}));
  const auto missing = collect_bytes("csv", "x,a\n1,1\n", {.label_columns = {"a", "z"}});
  ASSERT_TRUE(missing.error);
  EXPECT_NE(std::string(missing.error->what()).find("no column \"z\", asked for as label"),
            std::string::npos);
}

TEST(Csv, RefusesRolesThatCannotBe) {
  const std::string table = "text,label\na,b\n";
  const auto message = [&](const Roles& roles) {
    const auto got = collect_bytes("csv", table, roles);
    return got.error ? std::string(got.error->what()) : std::string();
  };
  EXPECT_EQ(message({.label = "lable"}),
            "there is no column \"lable\", asked for as label; the columns are text, label");
  EXPECT_EQ(message({.text = "label", .label = "label"}),
            "the column \"label\" is asked for twice; each column plays one part");
  EXPECT_NE(message({.text = "text", .columns = {"label"}}), "");
  EXPECT_NE(message({.image = "text"}).find("from a file"), std::string::npos);
  const auto only_label = collect_bytes("csv", "label\na\n");
  ASSERT_TRUE(only_label.error);
  EXPECT_NE(std::string(only_label.error->what()).find("no column is left"), std::string::npos);
}

TEST(Csv, NeedsNoPayloadWhereItComesFromElsewhere) {
  const auto got = collect_bytes("csv", "text,label\n,a\nx,\n", {.payload_elsewhere = true});
  EXPECT_FALSE(got.error);
  ASSERT_EQ(got.examples.size(), 2u);
  EXPECT_EQ(got.layout->payload, PayloadKind::embedding);
  EXPECT_EQ(got.examples[0].second.label, "a");
}

TEST(Csv, RefusesMoreColumnsThanTheLimit) {
  std::string header = "c0";
  for (size_t i = 1; i <= limits::max_columns; ++i) header += fmt::format(",c{}", i);
  const auto got = collect_bytes("csv", header + "\n");
  ASSERT_TRUE(got.error);
  EXPECT_NE(std::string(got.error->what()).find("10001 columns"), std::string::npos);
}

TEST(Csv, PassesOverACellOverTheLimit) {
  const std::string large(limits::max_cell_bytes + 1, 'x');
  for (const std::string& cell : {large, "\"" + large + "\""}) {
    const auto got = collect_bytes("csv", "text,label\na,1\n" + cell + ",2\nb,3\n");
    EXPECT_EQ(texts(got), (Texts{"a", "b"}));
    EXPECT_EQ(problems(got), (Texts{"2: the cell in column 1 is larger than 16 MiB"}));
  }
}

TEST(Csv, ReadsImagesBesideTheFileAndNeverOutsideItsFolder) {
  const TestFolder outer;
  outer.write("secret.pgm", pixel(9));
  outer.write("set/img/a.pgm", pixel(1));
  outer.write("set/img/note.pgm", "no image");
  std::filesystem::create_symlink(outer.path() / "secret.pgm", outer.path() / "set" / "link.pgm");
  const auto table = outer.write("set/table.csv",
                                 "file,label\nimg/a.pgm,x\n../secret.pgm,x\n" +
                                     (outer.path() / "secret.pgm").string() +
                                     ",x\nlink.pgm,x\nmissing.pgm,x\nimg/note.pgm,x\nimg,x\n,x\n");
  const auto got = collect_file(table, {.image = "file"});
  ASSERT_EQ(got.examples.size(), 1u);
  EXPECT_EQ(got.examples[0].second.payload.image, pixel(1));
  EXPECT_EQ(got.examples[0].second.label, "x");
  EXPECT_EQ(got.examples[0].second.meta, R"({"file":"img/a.pgm"})");
  ASSERT_EQ(got.problems.size(), 7u);
  const char* const reasons[] = {"leads outside (\"..\")",
                                 "absolute",
                                 "leads outside",
                                 "no file",
                                 "no JPEG",
                                 "not a file",
                                 "empty"};
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_NE(got.problems[i].reason.find(reasons[i]), std::string::npos) << got.problems[i].reason;
  }
}

TEST(Csv, StopsWhenCancelledAndReportsItsBytes) {
  const TestFolder folder;
  std::string table = "text,label\n";
  while (table.size() < 3'000'000) table += "some text,a\n";
  const auto path = folder.write("large.csv", table);
  double last = 0;
  double total = 0;
  Progress progress([&](double done, double all, std::string_view unit) {
    EXPECT_GE(done, last);
    EXPECT_EQ(unit, "bytes");
    last = done;
    total = all;
  });
  const auto got =
      collect([&](const Receiver& receiver) { read(path, {}, 0, receiver, progress); });
  EXPECT_FALSE(got.error);
  EXPECT_EQ(last, static_cast<double>(table.size()));
  EXPECT_EQ(total, static_cast<double>(table.size()));
  int64_t rows = 0;
  Progress stopped;
  Receiver cancelling;
  cancelling.layout = [](const Layout&) {};
  cancelling.problem = [](RowProblem&&) {};
  cancelling.example = [&](int64_t, NewExample&&) {
    if (++rows == 10) stopped.cancel();
  };
  EXPECT_THROW(read(path, {}, 0, cancelling, stopped), Error);
  EXPECT_LT(rows, 100'000);
}

}  // namespace querist::formats
