// CRC-32 eight bytes at a time by tables (Kounavis and Berry 2008).
#include "formats/stream/gzip_check.h"

#include <cstring>

namespace querist::formats {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

static constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? 0xedb88320u : 0);
    tables[0][byte] = value;
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    for (size_t k = 1; k < 8; ++k) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

static constexpr Tables tables = make_tables();

static uint32_t extend(uint32_t checksum, std::string_view bytes) {
  uint32_t value = ~checksum;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint32_t low;
    uint32_t high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + 4, 4);
    low ^= value;
    value = tables[7][low & 0xff] ^ tables[6][(low >> 8) & 0xff] ^ tables[5][(low >> 16) & 0xff] ^
            tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][(high >> 8) & 0xff] ^
            tables[1][(high >> 16) & 0xff] ^ tables[0][high >> 24];
  }
  for (; left > 0; --left, ++at)
    value = (value >> 8) ^ tables[0][(value ^ static_cast<unsigned char>(*at)) & 0xff];
  return ~value;
}

void GzipCheck::add_packed(std::string_view bytes) {
  if (!several_) {
    // A member's first bytes, which may lie across the border to the bytes before.
    constexpr std::string_view begin = "\x1f\x8b\x08";
    const std::string border = last_ + std::string(bytes.substr(0, 2));
    several_ = border.find(begin, packed_ > 8 ? 0 : 1) != std::string::npos ||
               bytes.find(begin, packed_ == 0 ? 1 : 0) != std::string_view::npos;
  }
  packed_ += bytes.size();
  last_ += bytes.size() > 8 ? bytes.substr(bytes.size() - 8) : bytes;
  if (last_.size() > 8) last_.erase(0, last_.size() - 8);
}

void GzipCheck::add_unpacked(std::string_view bytes) {
  unpacked_ += bytes.size();
  checksum_ = extend(checksum_, bytes);
}

bool GzipCheck::sound() const {
  if (last_.size() < 8) return false;
  uint32_t checksum;
  uint32_t length;
  std::memcpy(&checksum, last_.data(), 4);
  std::memcpy(&length, last_.data() + 4, 4);
  if (several_) return unpacked_ >= length;
  return checksum == checksum_ && length == static_cast<uint32_t>(unpacked_);
}

}  // namespace querist::formats
