// The header is read through the mapping; the data behind it is aligned to 64 bytes as NumPy writes
// it, and copied where some other program did not.
#include "formats/npy/array.h"

#include <algorithm>
#include <cstring>

#include "formats/npy/header.h"

namespace querist::formats {

NpyArray::NpyArray(const std::filesystem::path& path) : path_(path), file_(path) {
  size_t at = 0;
  const NpyHeader header = read_npy_header([&](char* out, size_t size) {
    size = std::min(size, file_.size() - at);
    std::memcpy(out, file_.data() + at, size);
    at += size;
    return size;
  });
  const bool is_number = header.kind == 'f' || header.kind == 'i' || header.kind == 'u';
  if (!is_number || header.shape.empty() || header.shape.size() > 3)
    refuse("{} must hold numbers in one to three dimensions", path.string());
  count_ = 1;
  for (const size_t length : header.shape) {
    if (length != 0 && count_ > file_.size() / length)
      refuse("{} is shorter than its header promises; it is cut short", path.string());
    count_ *= length;
  }
  if (file_.size() - at < count_ * header.item_bytes)
    refuse("{} is shorter than its header promises; it is cut short", path.string());
  shape_ = header.shape;
  kind_ = header.kind;
  item_bytes_ = header.item_bytes;
  data_ = file_.data() + at;
}

template <class Integer>
static void narrowed(const char* bytes, std::vector<float>& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    Integer value;
    std::memcpy(&value, bytes + i * sizeof value, sizeof value);
    out[i] = static_cast<float>(value);
  }
}

static void integers_of(const char* bytes, char kind, size_t width, std::vector<float>& out) {
  const bool is_signed = kind == 'i';
  if (width == 1) return is_signed ? narrowed<int8_t>(bytes, out) : narrowed<uint8_t>(bytes, out);
  if (width == 2) return is_signed ? narrowed<int16_t>(bytes, out) : narrowed<uint16_t>(bytes, out);
  if (width == 4) return is_signed ? narrowed<int32_t>(bytes, out) : narrowed<uint32_t>(bytes, out);
  if (width == 8) return is_signed ? narrowed<int64_t>(bytes, out) : narrowed<uint64_t>(bytes, out);
  refuse("integers of {} bytes are not read", width);
}

static bool is_aligned(const char* data, size_t item_bytes) {
  return reinterpret_cast<uintptr_t>(data) % item_bytes == 0;
}

std::span<const float> NpyArray::floats() {
  if (kind_ == 'f' && item_bytes_ == 4 && is_aligned(data_, 4))
    return {reinterpret_cast<const float*>(data_), count_};
  if (converted_.size() != count_) {
    converted_.resize(count_);
    if (kind_ == 'f') {
      floats_of(data_, item_bytes_, count_, converted_.data());
    } else {
      integers_of(data_, kind_, item_bytes_, converted_);
    }
  }
  return converted_;
}

Features NpyArray::features() {
  if (shape_.size() > 2) refuse("{} must be a matrix (n, d)", path_.string());
  if (kind_ == 'f' && item_bytes_ == 2 && is_aligned(data_, 2))
    return Features::of_half(dimension(0), dimension(1), reinterpret_cast<const uint16_t*>(data_));
  return MatrixView(dimension(0), dimension(1), floats().data());
}

}  // namespace querist::formats
