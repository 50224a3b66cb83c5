// Dense and sparse matrices, and views over them that may lie in mapped files.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"

namespace querist {

// Row-major float32, owned.
struct Matrix {
  size_t rows = 0;
  size_t cols = 0;
  std::vector<float> values;

  Matrix() = default;
  Matrix(size_t r, size_t c) : rows(r), cols(c), values(r * c) {}
  std::span<float> row(size_t i) { return {values.data() + i * cols, cols}; }
  std::span<const float> row(size_t i) const { return {values.data() + i * cols, cols}; }
  float& at(size_t i, size_t j) { return values[i * cols + j]; }
  float at(size_t i, size_t j) const { return values[i * cols + j]; }
};

// Row-major float32, borrowed.
struct MatrixView {
  size_t rows = 0;
  size_t cols = 0;
  const float* values = nullptr;

  MatrixView() = default;
  MatrixView(size_t r, size_t c, const float* v) : rows(r), cols(c), values(v) {}
  MatrixView(const Matrix& m) : rows(m.rows), cols(m.cols), values(m.values.data()) {}
  std::span<const float> row(size_t i) const { return {values + i * cols, cols}; }
};

// Compressed sparse rows, owned: row i has columns and values at offsets[i] … offsets[i+1]-1,
// columns ascending.
struct Csr {
  size_t cols = 0;
  std::vector<int64_t> offsets = {0};
  std::vector<int32_t> columns;
  std::vector<float> values;

  size_t rows() const { return offsets.size() - 1; }
};

// Compressed sparse rows, borrowed. Offsets may start above 0 (a slice of a larger matrix).
struct CsrView {
  size_t rows = 0;
  size_t cols = 0;
  const int64_t* offsets = nullptr;
  const int32_t* columns = nullptr;
  const float* values = nullptr;

  CsrView() = default;
  CsrView(size_t r, size_t c, const int64_t* o, const int32_t* k, const float* v)
      : rows(r), cols(c), offsets(o), columns(k), values(v) {}
  CsrView(const Csr& m)
      : rows(m.rows()),
        cols(m.cols),
        offsets(m.offsets.data()),
        columns(m.columns.data()),
        values(m.values.data()) {}
};

// What a model reads: n rows of features, dense float32, dense float16 or sparse; borrowed, often
// from a mapped file.
struct Features {
  enum class Kind { dense, half, sparse };

  Kind kind = Kind::dense;
  size_t rows = 0;
  size_t cols = 0;
  const float* dense = nullptr;
  const uint16_t* half = nullptr;  // IEEE binary16 bits.
  CsrView sparse;

  Features() = default;
  Features(MatrixView m) : kind(Kind::dense), rows(m.rows), cols(m.cols), dense(m.values) {}
  Features(const Matrix& m) : Features(MatrixView(m)) {}
  Features(CsrView m) : kind(Kind::sparse), rows(m.rows), cols(m.cols), sparse(m) {}
  Features(const Csr& m) : Features(CsrView(m)) {}
  static Features of_half(size_t rows, size_t cols, const uint16_t* bits) {
    Features f;
    f.kind = Kind::half;
    f.rows = rows;
    f.cols = cols;
    f.half = bits;
    return f;
  }
};

inline float half_to_float(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1f;
  const uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000 | (mantissa << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24f;
  return sign ? -magnitude : magnitude;
}
uint16_t float_to_half(float value);  // Round to nearest even; overflow gives infinity.

// Copies the chosen rows, in their order. dense_rows widens half to float and refuses sparse (a
// checked bug).
Matrix dense_rows(const Features& features, std::span<const int64_t> rows);
Csr sparse_rows(const Features& features, std::span<const int64_t> rows);

// An owned copy of chosen rows in the same kind, half widened to float.
struct OwnedFeatures {
  Matrix dense;
  Csr sparse;
  bool is_sparse = false;
  Features view() const { return is_sparse ? Features(sparse) : Features(dense); }
};
OwnedFeatures take_rows(const Features& features, std::span<const int64_t> rows);

}  // namespace querist
