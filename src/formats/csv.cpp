// Comma-separated values (RFC 4180), also divided by semicolons where the header shows it.
#include "formats/format.h"
#include "formats/format/detect.h"
#include "formats/stream/file_source.h"
#include "formats/table/table.h"

namespace querist::formats {

static bool recognises(std::string_view file_name, std::string_view head, bool is_folder) {
  if (is_folder) return false;
  if (file_name.ends_with(".csv")) return true;
  const std::string_view line = first_text_line(file_name, head);
  return line.find('\t') == std::string_view::npos &&
         line.find_first_of(",;") != std::string_view::npos;
}

static void read_csv_bytes(const ByteSource& bytes, const Roles& roles, int64_t skip_rows,
                           const Receiver& receiver) {
  read_table(bytes, TableKind::csv, nullptr, roles, skip_rows, receiver);
}

static void read_csv_file(const std::filesystem::path& path, const Roles& roles, int64_t skip_rows,
                          const Receiver& receiver, const Progress& progress) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  read_table(open_file(path, progress), TableKind::csv, &folder, roles, skip_rows, receiver);
}

Format csv() {
  return {
      .name = "csv",
      .summary = "Comma-separated values with a header line (.csv, .csv.gz, .csv.zst).",
      .recognises = recognises,
      .read = read_csv_file,
      .read_bytes = read_csv_bytes,
  };
}

}  // namespace querist::formats
