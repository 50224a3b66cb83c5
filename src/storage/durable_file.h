// A file written at offsets and synced when told to, with errors that say what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace querist::storage {

class DurableFile {
 public:
  // Opens for reading and writing; creates the file when it is absent.
  explicit DurableFile(const std::filesystem::path& path);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  void write_at(uint64_t offset, std::string_view bytes);
  uint64_t size() const;
  void sync();             // This file.
  void sync_filesystem();  // Every file written before, of whatever name, on the same file system.

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

void make_folder(const std::filesystem::path& folder);
void sync_folder(const std::filesystem::path& folder);
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace querist::storage
