// Plain reads, or libarchive's filters where the first bytes say that the file is packed.
#include "formats/stream/file_source.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "base/limits.h"
#include "formats/stream/gzip_check.h"

namespace querist::formats {

// One open file; unpacker is null while its bytes are taken as they are.
struct OpenFile {
  std::filesystem::path path;
  const Progress& progress;
  int fd = -1;
  uint64_t size = 0;
  uint64_t taken = 0;  // Packed bytes.
  uint64_t unpacked = 0;
  int error = 0;
  bool unpacked_all = false;
  std::optional<GzipCheck> gzip;
  struct ::archive* unpacker = nullptr;
  std::string_view piece;  // Ready and not given out yet; lies in the unpacker, or in block.
  char block[size_t{128} << 10];

  OpenFile(const std::filesystem::path& p, const Progress& r) : path(p), progress(r) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (unpacker) archive_read_free(unpacker);
    if (fd >= 0) ::close(fd);
  }

  // Negative on failure, with `error` set; never throws, for it runs below C code.
  ssize_t take(char* buffer, size_t count) {
    for (;;) {
      const ssize_t got = ::read(fd, buffer, count);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) error = errno;
      if (got > 0) taken += static_cast<uint64_t>(got);
      return got;
    }
  }

  void open();
  void start_unpacking();
  [[noreturn]] void fail_unpacking();
  void finish_unpacking();
  bool next_piece();
  size_t give(char* buffer, size_t count);
};

[[noreturn]] static void fail_reading(const std::filesystem::path& path, int error) {
  const Code code = error == ENOENT                     ? Code::not_found
                    : error == EACCES || error == EPERM ? Code::permission_denied
                                                        : Code::unavailable;
  fail(code, "cannot read {}: {}", path.string(), std::strerror(error));
}

void OpenFile::open() {
  fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_reading(path, errno);
  struct stat info {};
  if (::fstat(fd, &info) != 0) fail_reading(path, errno);
  if (S_ISDIR(info.st_mode)) refuse("{} is a folder, not a file", path.string());
  size = static_cast<uint64_t>(info.st_size);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  char magic[4] = {};
  const ssize_t got = ::pread(fd, magic, sizeof magic, 0);
  const std::string_view head(magic, got > 0 ? static_cast<size_t>(got) : 0);
  if (head.starts_with("\x1f\x8b")) gzip.emplace();
  if (gzip || head == "\x28\xb5\x2f\xfd") start_unpacking();
}

static la_ssize_t feed(struct ::archive* unpacker, void* owner, const void** bytes) {
  auto& file = *static_cast<OpenFile*>(owner);
  *bytes = file.block;
  const ssize_t got = file.take(file.block, sizeof file.block);
  if (got > 0 && file.gzip) file.gzip->add_packed({file.block, static_cast<size_t>(got)});
  if (got < 0) archive_set_error(unpacker, file.error, "%s", std::strerror(file.error));
  return got;
}

void OpenFile::start_unpacking() {
  unpacker = archive_read_new();
  if (!unpacker) fail(Code::resource_exhausted, "there is no memory to unpack {}", path.string());
  archive_read_support_filter_gzip(unpacker);
  archive_read_support_filter_zstd(unpacker);
  archive_read_support_format_raw(unpacker);
  archive_read_support_format_empty(unpacker);
  archive_entry* entry = nullptr;
  if (archive_read_open(unpacker, this, nullptr, feed, nullptr) != ARCHIVE_OK) fail_unpacking();
  const int result = archive_read_next_header(unpacker, &entry);
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN && result != ARCHIVE_EOF) fail_unpacking();
  unpacked_all = result == ARCHIVE_EOF;  // Packed nothing at all.
}

void OpenFile::fail_unpacking() {
  if (error) fail_reading(path, error);
  const char* reason = archive_error_string(unpacker);
  refuse(
      "{} is damaged or cut short: it unpacks to {} bytes and then fails ({}); make or fetch the "
      "file again",
      path.string(), unpacked, reason ? reason : "unknown");
}

// The unpacker stops at a member's end whatever follows; the rest is read so that the check sees
// the file's end.
void OpenFile::finish_unpacking() {
  if (!gzip) return;
  for (;;) {
    const ssize_t got = take(block, sizeof block);
    if (got < 0) fail_reading(path, error);
    if (got == 0) break;
    gzip->add_packed({block, static_cast<size_t>(got)});
  }
  if (gzip->sound()) return;
  refuse(
      "{} is damaged: what it unpacks to does not fit its checksum; make or fetch the file again",
      path.string());
}

bool OpenFile::next_piece() {
  const void* bytes = nullptr;
  size_t length = 0;
  la_int64_t offset = 0;
  for (;;) {
    if (unpacked_all) return false;
    const int result = archive_read_data_block(unpacker, &bytes, &length, &offset);
    unpacked_all = result == ARCHIVE_EOF;
    if (unpacked_all) {
      finish_unpacking();
      return false;
    }
    if (result == ARCHIVE_RETRY) continue;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail_unpacking();
    if (length != 0) break;
  }
  piece = {static_cast<const char*>(bytes), length};
  unpacked += length;
  if (gzip) gzip->add_unpacked(piece);
  if (unpacked > limits::max_archive_entry_bytes &&
      static_cast<double>(unpacked) > limits::max_archive_ratio * static_cast<double>(size)) {
    fail(Code::resource_exhausted,
         "{} unpacks to more than {} times its size, as a decompression bomb does; unpack it "
         "yourself if you trust it",
         path.string(), limits::max_archive_ratio);
  }
  return true;
}

size_t OpenFile::give(char* buffer, size_t count) {
  if (piece.empty()) {
    progress.check();
    bool any = false;
    if (unpacker) {
      any = next_piece();
    } else {
      // Small requests are served from a block, large ones read straight into their buffer.
      const bool direct = count >= sizeof block;
      const ssize_t got = direct ? take(buffer, count) : take(block, sizeof block);
      if (got < 0) fail_reading(path, error);
      any = got > 0;
      if (direct) {
        progress.at(static_cast<double>(taken), static_cast<double>(size), "bytes");
        return static_cast<size_t>(got);
      }
      piece = {block, static_cast<size_t>(got)};
    }
    progress.at(static_cast<double>(taken), static_cast<double>(size), "bytes");
    if (!any) return 0;
  }
  const size_t given = std::min(count, piece.size());
  std::memcpy(buffer, piece.data(), given);
  piece.remove_prefix(given);
  return given;
}

ByteSource open_file(const std::filesystem::path& path, const Progress& progress) {
  auto file = std::make_shared<OpenFile>(path, progress);
  file->open();
  return [file](char* buffer, size_t count) { return file->give(buffer, count); };
}

}  // namespace querist::formats
