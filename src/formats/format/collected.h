// Everything a format delivers, kept for tests to look at, and small files for them to read.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/format.h"

namespace querist::formats {

struct Collected {
  std::optional<Layout> layout;
  std::vector<std::pair<int64_t, NewExample>> examples;
  std::vector<RowProblem> problems;
  std::optional<Error> error;  // What ended the reading early.
  int64_t last_row = 0;

  Receiver receiver() {
    return {
        .layout =
            [this](const Layout& given) {
              EXPECT_FALSE(layout) << "the layout came twice";
              layout = given;
            },
        .example =
            [this](int64_t row, NewExample&& example) {
              EXPECT_TRUE(layout) << "an example came before the layout";
              ascend(row);
              examples.emplace_back(row, std::move(example));
            },
        .problem =
            [this](RowProblem&& problem) {
              ascend(problem.row);
              EXPECT_FALSE(problem.reason.empty());
              problems.push_back(std::move(problem));
            },
    };
  }

 private:
  void ascend(int64_t row) {
    EXPECT_GT(row, last_row) << "rows must ascend";
    last_row = row;
  }
};

// Reads and keeps the error too, as a door would.
template <class Reading>
Collected collect(const Reading& reading) {
  Collected collected;
  try {
    reading(collected.receiver());
  } catch (const Error& error) {
    collected.error = error;
  }
  return collected;
}

inline Collected collect_file(const std::filesystem::path& path, const Roles& roles = {},
                              int64_t skip_rows = 0) {
  const Progress silent;
  return collect([&](const Receiver& receiver) { read(path, roles, skip_rows, receiver, silent); });
}

// Bytes given out in pieces of at most `piece`.
inline ByteSource source_of(std::string bytes, size_t piece = SIZE_MAX) {
  return [bytes = std::move(bytes), piece, at = size_t{0}](char* buffer, size_t size) mutable {
    const size_t count = std::min({size, piece, bytes.size() - at});
    if (count) std::memcpy(buffer, bytes.data() + at, count);
    at += count;
    return count;
  };
}

inline Collected collect_bytes(std::string_view format, std::string bytes, const Roles& roles = {},
                               int64_t skip_rows = 0, size_t piece = SIZE_MAX) {
  const Progress silent;
  return collect([&](const Receiver& receiver) {
    read_bytes(format, source_of(std::move(bytes), piece), roles, skip_rows, receiver, silent);
  });
}

// A folder of its own, removed at the end.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "formats-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace querist::formats
