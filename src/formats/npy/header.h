// The header of a .npy file: what the array holds and how it lies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace querist::formats {

struct NpyHeader {
  char kind = 0;  // 'f' float, 'i' integer, 'u' unsigned, 'b' flag, as NumPy writes.
  size_t item_bytes = 0;
  std::vector<size_t> shape;

  size_t rows() const { return shape[0]; }
  size_t cols() const { return shape[1]; }
};

// Reads the header from the front of the bytes and leaves them at the data. Throws
// invalid_argument, saying how to save the array instead, on Fortran order, other byte orders and
// types that are no numbers.
NpyHeader read_npy_header(const ByteSource& bytes);

// Throws invalid_argument unless the array is a (n, d) matrix of floats.
void require_float_matrix(const NpyHeader& header);

// Widens or narrows `count` floats of item_bytes each; numbers too large for float32 become
// infinite.
void floats_of(const char* bytes, size_t item_bytes, size_t count, float* out);

// Fills buffer as far as the bytes go; answers how far.
size_t read_fully(const ByteSource& bytes, char* buffer, size_t size);

}  // namespace querist::formats
