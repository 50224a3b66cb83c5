// Tab-separated values (the text/tab-separated-values registration of 1993), with the quotes that
// spreadsheets add.
#include "formats/format.h"
#include "formats/format/detect.h"
#include "formats/stream/file_source.h"
#include "formats/table/table.h"

namespace querist::formats {

static bool recognises(std::string_view file_name, std::string_view head, bool is_folder) {
  if (is_folder) return false;
  if (file_name.ends_with(".tsv") || file_name.ends_with(".tab")) return true;
  return first_text_line(file_name, head).find('\t') != std::string_view::npos;
}

static void read_tsv_bytes(const ByteSource& bytes, const Roles& roles, int64_t skip_rows,
                           const Receiver& receiver) {
  read_table(bytes, TableKind::tsv, nullptr, roles, skip_rows, receiver);
}

static void read_tsv_file(const std::filesystem::path& path, const Roles& roles, int64_t skip_rows,
                          const Receiver& receiver, const Progress& progress) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  read_table(open_file(path, progress), TableKind::tsv, &folder, roles, skip_rows, receiver);
}

Format tsv() {
  return {
      .name = "tsv",
      .summary = "Tab-separated values with a header line (.tsv, .tsv.gz, .tsv.zst).",
      .recognises = recognises,
      .read = read_tsv_file,
      .read_bytes = read_tsv_bytes,
  };
}

}  // namespace querist::formats
