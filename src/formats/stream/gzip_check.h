// Whether what a gzip file unpacked to is what was packed (RFC 1952): the unpacking library does
// not look at the checksum.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace querist::formats {

class GzipCheck {
 public:
  // Every byte in its order, packed and unpacked.
  void add_packed(std::string_view bytes);
  void add_unpacked(std::string_view bytes);

  // After the last: whether length and checksum at the file's end fit. Of a file of several members
  // only what contradicts every division of it is noticed.
  bool sound() const;

 private:
  std::string last_;  // The last eight packed bytes.
  uint64_t packed_ = 0;
  uint64_t unpacked_ = 0;
  uint32_t checksum_ = 0;
  bool several_ = false;  // Another member may begin within.
};

}  // namespace querist::formats
