// Atomic writes and mappings over POSIX files.
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/mapping_guard.h"

namespace querist {

[[noreturn]] static void fail_io(const char* what, const std::filesystem::path& path) {
  const int error = errno;
  const Code code = error == ENOENT                                       ? Code::not_found
                    : error == EACCES || error == EPERM || error == EROFS ? Code::permission_denied
                    : error == ENOSPC || error == EDQUOT                  ? Code::resource_exhausted
                                                                          : Code::unavailable;
  fail(code, "cannot {} {}: {}", what, path.string(), std::strerror(error));
}

// A descriptor that closes itself.
struct Descriptor {
  int value = -1;
  explicit Descriptor(int fd) : value(fd) {}
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value < 0) fail_io("open", path);
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(file.value, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_io("read", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
  }
}

static void write_all(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t put = ::write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail_io("write", path);
    content.remove_prefix(static_cast<size_t>(put));
  }
}

static void sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.value < 0 || ::fsync(fd.value) != 0) fail_io("sync", folder);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.tmp", ::getpid());
  try {
    const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (fd.value < 0) fail_io("create", temporary);
    write_all(fd.value, content, temporary);
    if (::fsync(fd.value) != 0) fail_io("sync", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_io("rename", temporary);
  } catch (...) {  // Leaves no half file behind, then goes on to the door.
    ::unlink(temporary.c_str());
    throw;
  }
  const auto folder = path.parent_path();
  sync_folder(folder.empty() ? "." : folder);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.value < 0) fail_io("open", path);
  struct stat info {};
  if (::fstat(fd.value, &info) != 0) fail_io("inspect", path);
  size_ = static_cast<size_t>(info.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd.value, 0);
  if (mapped == MAP_FAILED) fail_io("map", path);
  data_ = static_cast<const char*>(mapped);
  guard_ = guard_mapping(data_, size_);
}

MappedFile::~MappedFile() {
  release_mapping(guard_);
  if (data_) ::munmap(const_cast<char*>(data_), size_);
}

bool MappedFile::faulted() const { return mapping_faulted(guard_); }

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      guard_(std::exchange(other.guard_, -1)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(guard_, other.guard_);
  return *this;
}

}  // namespace querist
