// Packs bytes and archives for tests, by the library that unpacks them.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace querist::formats {

struct PackedEntry {
  std::string name;
  std::string bytes;
  unsigned type = AE_IFREG;
};

enum class Packing { none, gzip, zstd };
enum class Container { raw, zip, stored_zip, tar };

inline la_ssize_t append_packed(struct ::archive*, void* owner, const void* bytes, size_t length) {
  static_cast<std::string*>(owner)->append(static_cast<const char*>(bytes), length);
  return static_cast<la_ssize_t>(length);
}

inline std::string packed(const std::vector<PackedEntry>& entries, Container container,
                          Packing packing) {
  std::string out;
  struct ::archive* writer = archive_write_new();
  if (packing == Packing::gzip) archive_write_add_filter_gzip(writer);
  if (packing == Packing::zstd) archive_write_add_filter_zstd(writer);
  if (container == Container::raw) archive_write_set_format_raw(writer);
  if (container == Container::tar) archive_write_set_format_ustar(writer);
  if (container == Container::zip || container == Container::stored_zip)
    archive_write_set_format_zip(writer);
  if (container == Container::stored_zip) archive_write_zip_set_compression_store(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  EXPECT_EQ(archive_write_open(writer, &out, nullptr, append_packed, nullptr), ARCHIVE_OK);
  for (const PackedEntry& given : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, given.name.c_str());
    archive_entry_set_filetype(entry, given.type);
    archive_entry_set_perm(entry, 0644);
    const bool is_file = given.type == AE_IFREG;
    if (given.type == AE_IFLNK) archive_entry_set_symlink(entry, given.bytes.c_str());
    archive_entry_set_size(entry, is_file ? static_cast<la_int64_t>(given.bytes.size()) : 0);
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << archive_error_string(writer);
    if (is_file) {
      EXPECT_EQ(archive_write_data(writer, given.bytes.data(), given.bytes.size()),
                static_cast<la_ssize_t>(given.bytes.size()));
    }
    archive_entry_free(entry);
  }
  EXPECT_EQ(archive_write_free(writer), ARCHIVE_OK);
  return out;
}

inline std::string packed(std::string_view bytes, Packing packing) {
  return packed({{"data", std::string(bytes)}}, Container::raw, packing);
}

// The smallest of grey images, one pixel of the given brightness.
inline std::string pixel(int brightness) {
  return std::string("P5\n1 1\n255\n") + static_cast<char>(brightness);
}

}  // namespace querist::formats
