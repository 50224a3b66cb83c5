// POSIX files: short writes go on, every failure names its file.
#include "storage/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace querist::storage {

[[noreturn]] static void fail_file(std::string_view doing, const std::filesystem::path& path,
                                   int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  fail(full     ? Code::resource_exhausted
       : denied ? Code::permission_denied
                : Code::unavailable,
       "cannot {} {}: {}{}", doing, path.string(), std::strerror(error),
       full ? "; free some space and try again, nothing stored before is lost" : "");
}

DurableFile::DurableFile(const std::filesystem::path& path)
    : path_(path), fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (fd_ < 0) fail_file("open", path_, errno);
}

DurableFile::~DurableFile() { ::close(fd_); }

void DurableFile::write_at(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail_file("write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
}

uint64_t DurableFile::size() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) fail_file("inspect", path_, errno);
  return static_cast<uint64_t>(info.st_size);
}

void DurableFile::sync() {
  if (::fdatasync(fd_) != 0) fail_file("sync", path_, errno);
}

void DurableFile::sync_filesystem() {
  if (::syncfs(fd_) != 0) fail_file("sync", path_, errno);
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail_file("make the folder", folder, error.value());
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail_file("open the folder", folder, errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0) fail_file("sync the folder", folder, error);
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail_file("rename", from, errno);
}

}  // namespace querist::storage
