// Files that are whole or absent: atomic writes, durable appends and read-only mappings.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace querist {

std::string read_file(const std::filesystem::path& path);

// Writes to a temporary name, syncs, renames, syncs the folder: after a crash the old or the new
// content stands, whole.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// A read-only memory mapping of a whole file; moves, does not copy.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  std::string_view bytes() const { return {data_, size_}; }
  // The file was cut short or its disk failed while it was read: what was read is partly zeros.
  bool faulted() const;

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  int guard_ = -1;
};

}  // namespace querist
