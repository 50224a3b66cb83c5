// Cells, inferred types and encodings of tables.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "featurizers/featurizer.h"
#include "featurizers/tabular/cells.h"

namespace querist::featurizers {

struct Table {
  std::vector<std::string> columns;
  std::vector<Payload> rows;

  Fitted fit(const std::map<std::string, ParamValue>& settings = {}) const {
    Params params(find("tabular").params);
    for (const auto& [name, value] : settings) params.set(name, value);
    const FitInput input{.payloads = [this](const auto& use) { use(rows); }, .columns = columns};
    return find("tabular").fit(input, params, 1, Progress());
  }
  void add(std::vector<std::string> cells) { rows.push_back({.cells = std::move(cells)}); }
};

static const Json& column(const Fitted& fitted, size_t i) {
  return fitted.description["columns"][i];
}

TEST(Cells, ReadsNumbersAsPeopleWriteThem) {
  const std::map<std::string, double> good = {{"12", 12},          {" -1.5e3 ", -1500}, {"+3", 3},
                                              {"1,234.5", 1234.5}, {"-1,234", -1234},   {"12%", 12},
                                              {".5", 0.5},         {"1,000,000", 1e6}};
  for (const auto& [cell, want] : good) {
    double number = 0;
    EXPECT_EQ(read_number(cell, number), NumberCell::number) << cell;
    EXPECT_EQ(number, want) << cell;
  }
  double number = 0;
  for (const char* cell : {"", "abc", "1,2", "12,34,567", "1.2.3", "--1", "+-1", "0x1f", "1 2",
                           ",123", "1,234,5", "%"}) {
    EXPECT_EQ(read_number(cell, number), NumberCell::other) << cell;
  }
  for (const char* cell : {"1e999", "inf", "-inf", "1e300"}) {
    EXPECT_EQ(read_number(cell, number), NumberCell::unusable) << cell;
  }
}

TEST(Cells, ReadsDatesInCommonForms) {
  const double day = 1584144000;  // 2020-03-14 00:00 UTC.
  const std::map<std::string, double> good = {{"2020-03-14", day},
                                              {"2020/3/14", day},
                                              {"2020-03-14T01:02:03Z", day + 3723},
                                              {"2020-03-14 01:02:03.250", day + 3723},
                                              {"2020-03-14T02:00:00+02:00", day},
                                              {"2020-03-13T19:00:00-0500", day},
                                              {"3/14/2020", day},
                                              {"3/14/2020 1:30 PM", day + 13.5 * 3600},
                                              {"14.03.2020", day},
                                              {"14 March 2020", day},
                                              {"14-Mar-2020", day},
                                              {"Mar 14, 2020", day},
                                              {"March 14 2020 12:00 am", day},
                                              {"1969-12-31", -86400},
                                              {"2000-02-29", 951782400}};
  for (const auto& [cell, want] : good) {
    const auto seconds = read_date(cell, false);
    ASSERT_TRUE(seconds) << cell;
    EXPECT_EQ(*seconds, want) << cell;
  }
  EXPECT_EQ(read_date("14/3/2020", true), day);
  for (const char* cell : {"", "2020", "20200314", "2020-13-01", "2019-02-29", "14/3/2020",
                           "2020-03-14T25:00", "2020-03-14x", "March", "1.2.3.4", "12:30",
                           "2020-03-14T10:00:00+", "Mar 140, 2020", "99999999999999999999"}) {
    EXPECT_FALSE(read_date(cell, false)) << cell;
  }
}

TEST(Cells, KnowsTheWordsForMissing) {
  for (const char* cell : {"", "  ", "NA", "n/a", "NaN", "NULL", "None", "?", "-", "#N/A"})
    EXPECT_TRUE(is_missing(cell)) << cell;
  for (const char* cell : {"0", "no", "nano", "x"}) EXPECT_FALSE(is_missing(cell)) << cell;
}

static Table mixed_table() {
  Table table{.columns = {"row", "age", "city", "born", "note", "same", "empty", "code", "eu_date"},
              .rows = {}};
  Rng rng(2);
  const std::vector<std::string> cities = {"Paris", "Rome", "Oslo"};
  const std::vector<std::string> note = {"late",     "parcel", "broken", "thanks",
                                         "friendly", "slow",   "again",  "box"};
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (int w = 0; w < 6; ++w) text += note[rng.below(note.size())] + " ";
    table.add({std::to_string(1000 + i),
               i == 7   ? "1e999"
               : i % 10 ? std::to_string(20 + rng.below(50))
                        : "",
               i < 3 ? "Atlantis" : cities[rng.below(3)],
               fmt::format("19{}-0{}-1{}", 50 + rng.below(50), 1 + rng.below(9), rng.below(10)),
               text, "x", "NA", fmt::format("k{:05}", i * 7919 % 99991),
               fmt::format("{}/{}/2021", 1 + rng.below(28), 1 + rng.below(12))});
  }
  return table;
}

TEST(Tabular, InfersTheTypesOfColumns) {
  const Fitted fitted = mixed_table().fit();
  const std::vector<std::string> want = {"dropped", "number",  "category", "date", "text",
                                         "dropped", "dropped", "dropped",  "date"};
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(column(fitted, i)["type"], want[i]) << column(fitted, i);
  for (const size_t i : {0, 5, 6, 7})
    EXPECT_FALSE(column(fitted, i)["reason"].get<std::string>().empty());
  EXPECT_EQ(column(fitted, 1)["missing"], 20);
  EXPECT_EQ(column(fitted, 1)["unreadable"], 1);
  EXPECT_EQ(column(fitted, 2)["rare"], 3);
  EXPECT_EQ(column(fitted, 8)["day_first"], true);
  size_t sum = 0;
  for (const Json& entry : fitted.description["columns"]) sum += entry["features"].get<size_t>();
  EXPECT_EQ(sum, fitted.features);
  EXPECT_EQ(fitted.geometry_features, 0u);
}

TEST(Tabular, TakesNumbersWithLeadingZerosForCodes) {
  Table table{.columns = {"zip", "amount"}, .rows = {}};
  for (int i = 0; i < 200; ++i)
    table.add({fmt::format("{:05}", i % 40 * 997), fmt::format("0.{}", i % 90)});
  const Fitted fitted = table.fit();
  EXPECT_EQ(column(fitted, 0)["type"], "category");
  EXPECT_EQ(column(fitted, 1)["type"], "number");
}

TEST(Tabular, StandardisesNumbersAndMarksMissingOnes) {
  Table table{.columns = {"x"}, .rows = {}};
  for (const char* cell : {"1", "3", "5", "7", "", "inf"}) table.add({cell});
  const Matrix out = table.fit().transform(table.rows).dense;
  ASSERT_EQ(out.cols, 2u);
  const double deviation = std::sqrt(5.0);  // Of 1, 3, 5, 7 around 4.
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(out.at(i, 0), (2.0 * static_cast<double>(i) - 3) / deviation, 1e-6);
    EXPECT_EQ(out.at(i, 1), 0);
  }
  for (size_t i = 4; i < 6; ++i) {
    EXPECT_EQ(out.at(i, 0), 0);
    EXPECT_EQ(out.at(i, 1), 1);
  }
}

TEST(Tabular, PutsRareAndUnseenCategoriesInOneColumn) {
  Table table{.columns = {"c"}, .rows = {}};
  for (int i = 0; i < 60; ++i) table.add({"a"});
  for (int i = 0; i < 50; ++i) table.add({"b"});
  for (int i = 0; i < 4; ++i) table.add({"rare"});
  const Fitted fitted = table.fit();
  ASSERT_EQ(fitted.features, 3u);
  const std::vector<Payload> rows = {{.cells = {"a"}},
                                     {.cells = {" b "}},
                                     {.cells = {"rare"}},
                                     {.cells = {"new"}},
                                     {.cells = {""}}};
  const Matrix out = fitted.transform(rows).dense;
  EXPECT_EQ(out.values, (std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0}));
}

TEST(Tabular, TurnsDatesIntoTimeAndCircles) {
  Table table{.columns = {"d"}, .rows = {}};
  for (const char* cell : {"2020-01-01", "2020-01-08", "2020-07-01"}) table.add({cell});
  const Matrix out = table.fit().transform(table.rows).dense;
  ASSERT_EQ(out.cols, 5u);
  EXPECT_LT(out.at(0, 0), out.at(1, 0));
  EXPECT_LT(out.at(1, 0), out.at(2, 0));
  EXPECT_NEAR(out.at(0, 3), out.at(1, 3), 1e-6);  // A week apart: the same weekday.
  EXPECT_NEAR(out.at(0, 4), out.at(1, 4), 1e-6);
  EXPECT_NEAR(out.at(0, 1) * out.at(2, 1) + out.at(0, 2) * out.at(2, 2), -1,
              0.01);  // Half a year apart.
}

TEST(Tabular, TakesTypesThatPeopleSet) {
  const Table table = mixed_table();
  const Fitted fitted = table.fit({{"types", "row=number, city=drop,code=text,age=category"}});
  EXPECT_EQ(column(fitted, 0)["type"], "number");
  EXPECT_EQ(column(fitted, 1)["type"], "category");
  EXPECT_EQ(column(fitted, 2)["type"], "dropped");
  EXPECT_EQ(column(fitted, 7)["type"], "text");
  EXPECT_THROW(table.fit({{"types", "nowhere=number"}}), Error);
  EXPECT_THROW(table.fit({{"types", "age=integer"}}), Error);
  EXPECT_THROW(table.fit({{"types", "age"}}), Error);
  EXPECT_THROW(table.fit({{"types", "note=number"}}), Error);
  EXPECT_THROW(table.fit({{"types", "age=date"}}), Error);
}

TEST(Tabular, AFreeTextColumnTellsItsTextsApart) {
  Table table{.columns = {"body"}, .rows = {}};
  for (int i = 0; i < 60; ++i) {
    table.add(
        {fmt::format("{} {}", i % 2 ? "ship sail harbour wave" : "bread oven sugar flour", i)});
  }
  const Fitted fitted = table.fit();
  EXPECT_EQ(column(fitted, 0)["type"], "text");
  const Matrix out = fitted.transform(table.rows).dense;
  double same = 0;
  double other = 0;
  for (size_t j = 0; j < out.cols; ++j) {
    same += out.at(0, j) * out.at(2, j);
    other += out.at(0, j) * out.at(1, j);
  }
  EXPECT_GT(same, other + 0.3 * static_cast<double>(out.cols));
  EXPECT_EQ(table.fit({{"text_dimensions", 0}}).features,
            1u);  // Dropped: one column of zeros is left.
}

TEST(Tabular, GivesWideTablesAGeometry) {
  Table table{.columns = {}, .rows = {}};
  Rng rng(3);
  for (int c = 0; c < 300; ++c) table.columns.push_back("c" + std::to_string(c));
  for (int i = 0; i < 80; ++i) {
    std::vector<std::string> cells;
    for (int c = 0; c < 300; ++c)
      cells.push_back(fmt::format("{:.3f}", rng.normal() + (i % 2 ? 1 : -1)));
    table.add(cells);
  }
  const Fitted fitted = table.fit({{"geometry_dimensions", 8}});
  EXPECT_EQ(fitted.features, 300u);
  EXPECT_EQ(fitted.geometry_features, 8u);
  const Matrix geometry = fitted.transform(table.rows).geometry;
  for (size_t i = 2; i < 80; ++i) {  // The first axis parts the two halves.
    EXPECT_GT(geometry.at(i, 0) * geometry.at(i % 2, 0), 0.3);
  }
  const Fitted loaded = find("tabular").load(fitted.save());
  EXPECT_EQ(loaded.transform(table.rows).geometry.values, geometry.values);
}

TEST(Tabular, RefusesTablesItCannotHold) {
  EXPECT_THROW(Table{}.fit(), Error);
  Table ragged{.columns = {"a", "b"}, .rows = {}};
  ragged.add({"1", "2"});
  ragged.add({"1"});
  EXPECT_THROW(ragged.fit(), Error);
  Table wide{.columns = {}, .rows = {}};
  for (int c = 0; c < 400; ++c) wide.columns.push_back("c" + std::to_string(c));
  for (int i = 0; i < 90; ++i)
    wide.rows.push_back({.cells = std::vector<std::string>(400, "v" + std::to_string(i / 2))});
  EXPECT_THROW(wide.fit(), Error);  // 400 columns of 46 features.
}

TEST(Tabular, DescribesColumnsWhoseNamesAreNoText) {
  Table table{.columns = {"\xff\xfe"}, .rows = {}};
  for (const char* cell : {"a\xc3", "b"}) table.add({cell});
  EXPECT_NO_THROW(table.fit().description.dump());
}

}  // namespace querist::featurizers
