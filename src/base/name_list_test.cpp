// Lists of names read as a line of CSV.
#include "base/name_list.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace querist {

using Names = std::vector<std::string>;

TEST(SplitNames, ReadsALineOfCsv) {
  EXPECT_EQ(split_names("x,y"), (Names{"x", "y"}));
  EXPECT_EQ(split_names("\"x,2\",y"), (Names{"x,2", "y"}));
  EXPECT_EQ(split_names("y, \"x,2\" "), (Names{"y", "x,2"}));
  EXPECT_EQ(split_names("\"a \"\"b\"\"\",c\"d"), (Names{"a \"b\"", "c\"d"}));
  EXPECT_EQ(split_names("a b, c "), (Names{"a b", " c "}));
  EXPECT_EQ(split_names(",a,,\"\",b,"), (Names{"a", "b"}));
  EXPECT_EQ(split_names(""), Names{});
  for (const char* wrong : {"\"x,2", "\"x\"y,z", "a,\"\"\""})
    EXPECT_THROW(split_names(wrong), Error) << wrong;
}

// Whatever names there are, their cells written as CSV are read back as they were.
TEST(SplitNames, GivesBackWhatCsvWrites) {
  const std::string letters = "a,\" b";
  for (size_t code = 0; code < 5 * 5 * 5 * 5 * 5; ++code) {
    Names names(2);
    for (size_t i = 0, rest = code; i < 5; ++i, rest /= 5) names[i / 3] += letters[rest % 5];
    std::string line;
    for (const std::string& name : names) {
      line += line.empty() ? "\"" : ",\"";
      for (const char c : name) line += c == '"' ? std::string("\"\"") : std::string(1, c);
      line += '"';
    }
    EXPECT_EQ(split_names(line), names) << line;
  }
}

}  // namespace querist
