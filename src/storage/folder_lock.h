// One process at a time may write in a data folder: an advisory lock that ends with its process.
#pragma once

#include <filesystem>

namespace querist::storage {

class FolderLock {
 public:
  // Throws conflict naming the process that holds the folder, permission_denied when it cannot be
  // written to.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace querist::storage
