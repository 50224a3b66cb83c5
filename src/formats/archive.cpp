// A zip or tar (plain, .gz, .zst) of images, read in one pass; the folder an image lies in is its
// label.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "formats/format.h"
#include "formats/image/image_file.h"

namespace querist::formats {

static constexpr size_t read_block = size_t{128} << 10;
static constexpr std::string_view no_image = "it is no JPEG, PNG, PGM or PPM image";

static bool recognises(std::string_view file_name, std::string_view head, bool is_folder) {
  if (is_folder) return false;
  if (file_name.ends_with(".zip") || file_name.ends_with(".tar")) return true;
  return head.size() > 262 && head.substr(257, 5) == "ustar";
}

// An archive being read, and what it has unpacked to so far.
struct OpenArchive {
  struct ::archive* handle = archive_read_new();
  std::filesystem::path path;
  const Progress& progress;
  uint64_t packed = 0;  // The file's size.
  uint64_t unpacked = 0;
  int64_t row = 0;

  OpenArchive(const std::filesystem::path& p, const Progress& r) : path(p), progress(r) {}
  ~OpenArchive() { archive_read_free(handle); }
  OpenArchive(const OpenArchive&) = delete;
  OpenArchive& operator=(const OpenArchive&) = delete;

  std::string reason() const {
    const char* text = archive_error_string(handle);
    return text ? text : "unknown";
  }
  void open();
  archive_entry* next();
  void count(size_t bytes);
  std::string take(std::string& image, std::string problem);
};

void OpenArchive::open() {
  std::error_code error;
  packed = std::filesystem::file_size(path, error);
  if (error) fail(Code::not_found, "cannot read {}: {}", path.string(), error.message());
  archive_read_support_filter_gzip(handle);
  archive_read_support_filter_zstd(handle);
  archive_read_support_format_zip(handle);
  archive_read_support_format_tar(handle);
  if (archive_read_open_filename(handle, path.c_str(), read_block) != ARCHIVE_OK) {
    refuse("{} cannot be read as a zip or tar: {}", path.string(), reason());
  }
}

// The next entry's header; null at the end.
archive_entry* OpenArchive::next() {
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(handle, &entry);
    if (result == ARCHIVE_EOF) return nullptr;
    if (result == ARCHIVE_RETRY) continue;
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return entry;
    refuse("{} is damaged or cut short after row {}: {}; make or fetch the archive again",
           path.string(), row, reason());
  }
}

void OpenArchive::count(size_t bytes) {
  progress.check();
  unpacked += bytes;
  const bool bomb =
      unpacked > limits::max_archive_entry_bytes &&
      static_cast<double>(unpacked) > limits::max_archive_ratio * static_cast<double>(packed);
  if (bomb) {
    fail(Code::resource_exhausted,
         "{} unpacks to more than {} times its size, as a zip bomb does; unpack it yourself if you "
         "trust it",
         path.string(), limits::max_archive_ratio);
  }
  if (unpacked > limits::max_archive_bytes) {
    fail(Code::resource_exhausted,
         "{} unpacks to more than {} GiB; unpack it and import the folder", path.string(),
         limits::max_archive_bytes >> 30);
  }
}

// Reads the present entry into image and answers why it is none, empty if it is. What is known to
// be none is unpacked all the same, keeping nothing: so it counts towards a bomb, which a silent
// skip would unpack unseen.
std::string OpenArchive::take(std::string& image, std::string problem) {
  const void* bytes = nullptr;
  size_t length = 0;
  la_int64_t offset = 0;
  for (;;) {
    const int result = archive_read_data_block(handle, &bytes, &length, &offset);
    if (result == ARCHIVE_EOF) break;
    if (result == ARCHIVE_RETRY) continue;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      return problem.empty() ? fmt::format("it cannot be unpacked: {}", reason()) : problem;
    }
    count(length);
    if (!problem.empty()) continue;
    const uint64_t end = static_cast<uint64_t>(offset) + length;
    if (offset < 0 || end > limits::max_archive_entry_bytes) {
      problem = fmt::format("it is larger than {} MiB", limits::max_archive_entry_bytes >> 20);
    } else {
      // A sparse entry may leave a hole before this block; the hole counts as its bytes would.
      const auto begin = static_cast<size_t>(offset);
      if (begin > image.size()) count(begin - image.size());
      image.resize(begin);
      image.append(static_cast<const char*>(bytes), length);
      if (image.size() >= image_head_bytes && !begins_as_image(image)) problem = no_image;
    }
    if (!problem.empty()) image = {};
  }
  return problem.empty() && !begins_as_image(image) ? std::string(no_image) : problem;
}

static std::string name_of(archive_entry* entry) {
  const char* name = archive_entry_pathname_utf8(entry);
  if (!name) name = archive_entry_pathname(entry);
  return name ? name : "";
}

// Why an entry of this header is not to be read; empty: it is.
static std::string header_fault(archive_entry* entry, const std::string& name) {
  std::string fault = path_fault(name);
  if (!fault.empty()) return fault;
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry)) {
    return "it is a link or a device, not a file";
  }
  if (archive_entry_is_encrypted(entry)) return "it is encrypted; unpack the archive first";
  return {};
}

static void read_archive(const std::filesystem::path& path, const Roles&, int64_t skip_rows,
                         const Receiver& receiver, const Progress& progress) {
  OpenArchive archive(path, progress);
  archive.open();
  bool first = true;
  while (archive_entry* entry = archive.next()) {
    if (std::exchange(first, false)) {
      Layout layout;
      layout.payload = PayloadKind::image;
      receiver.layout(layout);
    }
    const std::string name = name_of(entry);
    const std::string fault = header_fault(entry, name);
    const bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    NewExample example;
    if (folder || (is_clutter(name) && path_fault(name).empty())) {
      archive.take(example.payload.image, "it is nobody's data");
    } else if (++archive.row > skip_rows) {
      const std::string problem = archive.take(example.payload.image, fault);
      if (problem.empty()) {
        describe_by_path(example, name);
        receiver.example(archive.row, std::move(example));
      } else {
        receiver.problem({archive.row, fmt::format("{}: {}", name, problem)});
      }
    }
    const auto taken = static_cast<double>(archive_filter_bytes(archive.handle, -1));
    progress.at(std::min(taken, static_cast<double>(archive.packed)),
                static_cast<double>(archive.packed), "bytes");
  }
}

Format archive() {
  return {
      .name = "archive",
      .summary =
          "A zip or tar (also .tar.gz, .tar.zst) of JPEG, PNG, PGM or PPM images; folders name the "
          "labels.",
      .recognises = recognises,
      .read = read_archive,
  };
}

}  // namespace querist::formats
