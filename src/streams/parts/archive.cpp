// How a field of a stream's state is written and read.
#include "streams/parts/archive.h"

#include <cmath>
#include <optional>

namespace querist::streams {

static std::string hex_of(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static std::optional<std::string> bytes_of(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]), low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(16 * high + low);
  }
  return bytes;
}

void Archive::number(std::string_view name, double& value) {
  if (reading_) {
    value = json_number(object_, name);
    require(std::isfinite(value), name);
  } else {
    object_[std::string(name)] = value;
  }
}

void Archive::count(std::string_view name, uint64_t& value) {
  if (reading_) {
    const int64_t stored = json_integer(object_, name);
    require(stored >= 0, name);
    value = static_cast<uint64_t>(stored);
  } else {
    object_[std::string(name)] = value;
  }
}

void Archive::bytes(std::string_view name, std::string& bytes) {
  if (reading_) {
    auto stored = bytes_of(json_text(object_, name));
    require(stored.has_value(), name);
    bytes = std::move(*stored);
  } else {
    object_[std::string(name)] = hex_of(bytes);
  }
}

}  // namespace querist::streams
