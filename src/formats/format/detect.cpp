// Finds the format of a file by its name and first bytes, and reads through the card found.
#include "formats/format/detect.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/error.h"
#include "formats/format.h"
#include "formats/stream/file_source.h"

namespace querist::formats {

std::string_view first_text_line(std::string_view file_name, std::string_view head) {
  constexpr std::string_view telling[] = {".csv",  ".tsv", ".tab", ".jsonl", ".ndjson",
                                          ".json", ".npy", ".zip", ".tar"};
  const bool named = std::any_of(std::begin(telling), std::end(telling),
                                 [&](std::string_view end) { return file_name.ends_with(end); });
  const size_t begin = head.find_first_not_of(" \t\r\n");
  if (named || begin == std::string_view::npos || head[begin] == '{' || head[begin] == '[')
    return {};
  if (head.find('\0') != std::string_view::npos || head.starts_with("%PDF")) return {};
  return head.substr(begin, head.find_first_of("\r\n", begin) - begin);
}

// The file's name as a card sees it: lower case, without the ending of its packing.
static std::string plain_name(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name.ends_with(".tgz")) name.replace(name.size() - 4, 4, ".tar.gz");
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  return name;
}

static std::string head_of(const std::filesystem::path& path) {
  const Progress silent;
  const ByteSource bytes = open_file(path, silent);
  std::string head(4096, '\0');
  size_t held = 0;
  while (held < head.size()) {
    const size_t got = bytes(head.data() + held, head.size() - held);
    if (got == 0) break;
    held += got;
  }
  head.resize(held);
  return head;
}

const Format& detect(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail(Code::not_found, "there is no file {}", path.string());
  const bool is_folder = std::filesystem::is_directory(status);
  const std::string name = plain_name(path);
  const std::string head = is_folder ? std::string() : head_of(path);
  std::vector<std::string> known;
  for (const Format& format : all()) {
    if (format.recognises(name, head, is_folder)) return format;
    known.push_back(fmt::format("{} ({})", format.name, format.summary));
  }
  refuse("{} is in no format that can be read: {}", path.string(), fmt::join(known, "; "));
}

void read(const std::filesystem::path& path, const Roles& roles, int64_t skip_rows,
          const Receiver& receiver, const Progress& progress) {
  detect(path).read(path, roles, skip_rows, receiver, progress);
}

void read_bytes(std::string_view format_name, const ByteSource& bytes, const Roles& roles,
                int64_t skip_rows, const Receiver& receiver, const Progress& progress) {
  const Format& format = find(format_name);
  if (!format.read_bytes) {
    refuse("the format {} is read from files only; send CSV, TSV or JSONL", format.name);
  }
  double taken = 0;
  const ByteSource counted = [&](char* buffer, size_t size) {
    progress.check();
    const size_t got = bytes(buffer, size);
    taken += static_cast<double>(got);
    progress.at(taken, 0, "bytes");
    return got;
  };
  format.read_bytes(counted, roles, skip_rows, receiver);
}

}  // namespace querist::formats
