// A whole .npy array of numbers, used where it lies in the mapped file if its type allows.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/matrix.h"

namespace querist::formats {

// One to three dimensions in C order. float32 is not copied, and float16 is not as features;
// float64 and integers are narrowed once. NaN and infinities pass.
class NpyArray {
 public:
  NpyArray() = default;
  // Throws invalid_argument on what is no such array, or is cut short.
  explicit NpyArray(const std::filesystem::path& path);

  bool empty() const { return shape_.empty(); }
  const std::vector<size_t>& shape() const { return shape_; }
  size_t dimension(size_t i) const { return i < shape_.size() ? shape_[i] : 1; }
  // Every number in C order.
  std::span<const float> floats();
  // Rows of a matrix; a flat array has one column. Halves stay halves.
  Features features();

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<size_t> shape_;
  const char* data_ = nullptr;
  size_t count_ = 0;
  char kind_ = 0;
  size_t item_bytes_ = 0;
  std::vector<float> converted_;
};

}  // namespace querist::formats
