// Runs one format over arbitrary bytes: whatever they are, it must end in rows, problems or an
// Error, rows ascending.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/check.h"
#include "formats/format.h"

namespace querist::formats {

// What came of it; the file is written to `path`, which keeps its ending so that companions are
// looked for.
struct Survived {
  int64_t examples = 0;
  int64_t problems = 0;
  bool refused = false;
};

// Removes first: truncating in place makes some file systems flush on every close.
inline void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline Survived read_anything(const Format& format, const std::filesystem::path& path,
                              std::string_view bytes) {
  replace_file(path, bytes);
  Survived survived;
  int64_t last_row = 0;
  const auto ascend = [&](int64_t row) {
    QUERIST_CHECK(row > last_row);
    last_row = row;
  };
  bool laid_out = false;
  Receiver receiver;
  receiver.layout = [&](const Layout&) { laid_out = true; };
  receiver.example = [&](int64_t row, NewExample&&) {
    QUERIST_CHECK(laid_out);
    ascend(row);
    ++survived.examples;
  };
  receiver.problem = [&](RowProblem&& problem) {
    ascend(problem.row);
    QUERIST_CHECK(!problem.reason.empty());
    ++survived.problems;
  };
  const Progress silent;
  try {
    format.read(path, {}, 0, receiver, silent);
  } catch (const Error&) {
    survived.refused = true;
  }
  return survived;
}

}  // namespace querist::formats
