// The lock over flock(2): the kernel drops it when the process ends, however that happens.
#include "storage/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace querist::storage {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const auto path = folder / "querist.lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) {
    const Code code = errno == EACCES || errno == EPERM || errno == EROFS ? Code::permission_denied
                      : errno == ENOSPC || errno == EDQUOT                ? Code::resource_exhausted
                                                                          : Code::unavailable;
    fail(code, "cannot write in the folder {}: {}", folder.string(), std::strerror(errno));
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t got = ::pread(file_, holder, sizeof holder - 1, 0);
    ::close(file_);
    const std::string process = got > 0 ? std::string(holder, static_cast<size_t>(got)) : "?";
    fail(Code::conflict,
         "the folder {} is in use by process {}; stop it, or work through the server there: "
         "--server URL, the page or the API",
         folder.string(), process);
  }
  // The number only helps people; the lock itself does not depend on its being written.
  const std::string process = std::to_string(::getpid());
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, process.data(), process.size(), 0) < 0)
    errno = 0;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace querist::storage
