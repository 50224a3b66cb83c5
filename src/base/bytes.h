// A checked binary form for things we store: little-endian numbers, length-prefixed texts and
// vectors.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace querist {

class ByteWriter {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void put(std::string_view text) {
    put<uint64_t>(text.size());
    bytes_.append(text);
  }
  void put(const char* text) { put(std::string_view(text)); }
  void put(const std::string& text) { put(std::string_view(text)); }
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(const std::vector<T>& values) {
    put<uint64_t>(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void put(const std::vector<std::string>& texts) {
    put<uint64_t>(texts.size());
    for (const std::string& text : texts) put(text);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote; throws invalid_argument on bytes that end early or lie about a
// length.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T> T number() {
    T value;
    std::memcpy(&value, piece(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(piece(number<uint64_t>())); }
  template <class T>
  std::vector<T> vector() {
    const auto count = number<uint64_t>();
    if (count > bytes_.size() / sizeof(T)) refuse("the stored object is cut short or damaged");
    std::vector<T> values(count);
    const std::string_view raw = piece(count * sizeof(T));
    if (count) std::memcpy(values.data(), raw.data(), raw.size());
    return values;
  }
  std::vector<std::string> texts() {
    const auto count = number<uint64_t>();
    if (count > bytes_.size()) refuse("the stored object is cut short or damaged");
    std::vector<std::string> all;
    for (uint64_t i = 0; i < count; ++i) all.push_back(text());
    return all;
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view piece(uint64_t length) {
    if (length > bytes_.size()) refuse("the stored object is cut short or damaged");
    const std::string_view front = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return front;
  }

  std::string_view bytes_;
};

}  // namespace querist
