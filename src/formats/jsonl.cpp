// JSON Lines (jsonlines.org): one object a line; also one JSON array of objects.
#include "formats/format.h"
#include "formats/json/read_json.h"
#include "formats/stream/file_source.h"

namespace querist::formats {

static bool recognises(std::string_view file_name, std::string_view head, bool is_folder) {
  if (is_folder) return false;
  for (const std::string_view end : {".jsonl", ".ndjson", ".json"}) {
    if (file_name.ends_with(end)) return true;
  }
  for (const std::string_view end : {".csv", ".tsv", ".tab"}) {
    if (file_name.ends_with(end)) return false;
  }
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const size_t begin = head.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (head[begin] == '{' || head[begin] == '[');
}

static void read_jsonl_bytes(const ByteSource& bytes, const Roles& roles, int64_t skip_rows,
                             const Receiver& receiver) {
  read_json(bytes, nullptr, roles, skip_rows, receiver);
}

static void read_jsonl_file(const std::filesystem::path& path, const Roles& roles,
                            int64_t skip_rows, const Receiver& receiver, const Progress& progress) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  read_json(open_file(path, progress), &folder, roles, skip_rows, receiver);
}

Format jsonl() {
  return {
      .name = "jsonl",
      .summary =
          "One JSON object a line, or one JSON array of objects (.jsonl, .ndjson, .json; also .gz, "
          ".zst).",
      .recognises = recognises,
      .read = read_jsonl_file,
      .read_bytes = read_jsonl_bytes,
  };
}

}  // namespace querist::formats
