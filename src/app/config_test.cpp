// The config file: values by type, errors by line, and what beats what.
#include "app/config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "storage/temporary_folder.h"

namespace querist::app {
namespace {

class Config : public testing::Test {
 protected:
  Params rows() {
    return Params({{.name = "host", .fallback = "127.0.0.1", .help = "Address."},
                   {.name = "port", .fallback = 8080, .min = 0, .max = 65'535, .whole = true},
                   {.name = "seconds", .fallback = 1.5},
                   {.name = "verbose", .fallback = false},
                   {.name = "config", .fallback = ""}});
  }
  Params read(const std::string& content) {
    Params params = rows();
    write_file_atomically(path_, content);
    read_config(path_, params);
    return params;
  }
  std::string problem(const std::string& content) {
    try {
      read(content);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  storage::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "querist.toml";
};

TEST_F(Config, ReadsEveryTypeAndLeavesTheRestAlone) {
  const Params params = read("host = \"::1\"\nport = 9000  # mine\nseconds = 2\nverbose = true\n");
  EXPECT_EQ(params.text("host"), "::1");
  EXPECT_EQ(params.integer("port"), 9000);
  EXPECT_EQ(params.number("seconds"), 2);
  EXPECT_TRUE(params.flag("verbose"));
  EXPECT_FALSE(read("").changed("port"));
}

TEST_F(Config, LosesToWhatIsSetAlready) {
  Params params = rows();
  params.set("port", 1);
  write_file_atomically(path_, "port = 2\nhost = \"h\"\n");
  read_config(path_, params);
  EXPECT_EQ(params.integer("port"), 1);
  EXPECT_EQ(params.text("host"), "h");
}

TEST_F(Config, NamesLineAndSettingOfWhatIsWrong) {
  const std::string file = path_.string();
  EXPECT_EQ(problem("host = \"a\"\nprot = 1\n"),
            file +
                ", line 2: there is no setting \"prot\"; the settings are host, port, seconds, "
                "verbose");
  EXPECT_EQ(problem("\nport = \"80\"\n"), file + ", line 2: port must be a number, not a text");
  EXPECT_EQ(problem("port = 70000\n"),
            file + ", line 1: port must lie between 0 and 65535, not 70000");
  EXPECT_EQ(problem("verbose = 1\n"),
            file + ", line 1: verbose must be true or false, not a number");
  EXPECT_EQ(problem("host = [1]\n"), file + ", line 1: host must be a text in quotes, not a list");
  EXPECT_EQ(problem("[port]\na = 1\n"), file + ", line 1: port must be a number, not a table");
  EXPECT_EQ(problem("config = \"x\"\n").substr(0, file.size() + 36),
            file + ", line 1: there is no setting \"confi");
  EXPECT_TRUE(problem("host = \"a\"\nport = = 1\n").starts_with(file + ", line 2: "));
  Params params = rows();
  EXPECT_THROW(read_config(folder_.path() / "none.toml", params), Error);
}

TEST_F(Config, PrintsAFileThatReadsBackAsItself) {
  Params params = rows();
  params.set("host", "a \"b\" \\c");
  params.set("port", 65'000);
  const std::string text = config_text(params);
  EXPECT_NE(text.find("# Address.\nhost = "), std::string::npos) << text;
  EXPECT_NE(text.find("\n# seconds = 1.5\n"), std::string::npos) << text;
  const Params again = read(text);
  EXPECT_EQ(again.text("host"), "a \"b\" \\c");
  EXPECT_EQ(again.integer("port"), 65'000);
  EXPECT_FALSE(again.changed("seconds"));
}

}  // namespace
}  // namespace querist::app
