// The card of a file format: which files it reads and how it turns them into examples, one at a
// time.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "data/example.h"

namespace querist::formats {

// Which column plays which part. Empty: chosen by the obvious names, else not used.
struct Roles {
  std::string text;
  std::string image;  // A column of paths relative to the file.
  std::vector<std::string>
      columns;  // Columns of a table row; empty with no text and image: every unused column.
  std::string label;
  std::string id;
  std::string group;
  std::string time;
  std::string split;
  // The payload comes from elsewhere, row by row (an embeddings file): the rows need none, and the
  // layout says embedding.
  bool payload_elsewhere = false;
  // What the rows' home holds already; embeddings are then read where rows have some, even beside
  // rows of text.
  std::optional<PayloadKind> expected{};
  std::string group_word{};  // What asked for the group; empty: group.
  // Several labels an example, which NewExample::label then holds as a JSON list of names. Of what
  // `label` names: a JSON list, or a text with this between the names; empty: one label.
  std::string label_separator{};
  std::vector<std::string> label_columns{};  // Instead of `label`: a column a label, each 0 or 1.
};

// What a file turned out to hold, known before its first row.
struct Layout {
  PayloadKind payload = PayloadKind::text;
  std::vector<std::string> columns;  // Names of Payload::cells.
  Roles roles;                       // As resolved.
};

struct RowProblem {
  int64_t row = 0;  // 1-based, the header not counted.
  std::string reason;
};

// Where the rows go. Every row ends in exactly one call of example or problem, rows ascending.
struct Receiver {
  std::function<void(const Layout&)> layout;
  std::function<void(int64_t row, NewExample&&)> example;
  std::function<void(RowProblem&&)> problem;
};

// Puts up to `size` of the next bytes into `buffer` and says how many; 0 is the end. Throws when
// there are none to be had.
using ByteSource = std::function<size_t(char* buffer, size_t size)>;

struct Format {
  std::string_view name;
  std::string_view summary;
  // Whether this format reads a file of this name (lower case, without .gz/.zst) that begins with
  // these bytes (decompressed; up to 4 KiB); path is a folder when is_folder.
  bool (*recognises)(std::string_view file_name, std::string_view head, bool is_folder) = nullptr;
  // Streams the file in bounded memory. Rows up to and including skip_rows are passed over as fast
  // as possible (a resumed import). A file that cannot be read as this format at all throws
  // invalid_argument; a bad row never does.
  void (*read)(const std::filesystem::path& path, const Roles& roles, int64_t skip_rows,
               const Receiver& receiver, const Progress& progress) = nullptr;
  // The same for bytes that are no file (the body of a request); null where the format needs a
  // file.
  void (*read_bytes)(const ByteSource& bytes, const Roles& roles, int64_t skip_rows,
                     const Receiver& receiver) = nullptr;
};

const std::vector<Format>& all();
const Format& find(std::string_view name);

// The format of a file or folder, by its content and name; throws invalid_argument naming the
// formats there are.
const Format& detect(const std::filesystem::path& path);

// Detects and reads.
void read(const std::filesystem::path& path, const Roles& roles, int64_t skip_rows,
          const Receiver& receiver, const Progress& progress);

// Reads bytes as they arrive, unpacked already, in the named format; reports the bytes taken, their
// total unknown.
void read_bytes(std::string_view format_name, const ByteSource& bytes, const Roles& roles,
                int64_t skip_rows, const Receiver& receiver, const Progress& progress);

#define ENTRY(function, wire_name) Format function();
#include "formats.list"
#undef ENTRY

}  // namespace querist::formats
