// Half-precision conversion and row gathering.
#include "base/matrix.h"

#include <bit>
#include <cstring>

namespace querist {

// By integers, so that no compiler falls back on software floats (after Giesen 2012).
uint16_t float_to_half(float value) {
  constexpr uint32_t infinite = 0x7f800000, too_large = (127 + 16) << 23, least_normal = 113 << 23;
  constexpr uint32_t magic = ((127 - 15) + (23 - 10) + 1) << 23;
  auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits >= too_large) return sign | (bits > infinite ? 0x7e00 | (bits >> 13 & 0x3ff) : 0x7c00);
  if (bits < least_normal) {  // The sum rounds the mantissa to where a half's lies.
    const float shifted = std::bit_cast<float>(bits) + std::bit_cast<float>(magic);
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - magic));
  }
  const uint32_t rounded = bits + 0xc8000fff + (bits >> 13 & 1);  // Exponent from 127 to 15; even.
  return static_cast<uint16_t>(sign | rounded >> 13);
}

Matrix dense_rows(const Features& features, std::span<const int64_t> rows) {
  QUERIST_CHECK(features.kind != Features::Kind::sparse);
  Matrix out(rows.size(), features.cols);
  for (size_t i = 0; i < rows.size(); ++i) {
    QUERIST_CHECK(rows[i] >= 0 && static_cast<size_t>(rows[i]) < features.rows);
    const size_t start = static_cast<size_t>(rows[i]) * features.cols;
    float* target = out.values.data() + i * features.cols;
    if (features.kind == Features::Kind::dense) {
      std::memcpy(target, features.dense + start, features.cols * sizeof(float));
    } else {
      for (size_t j = 0; j < features.cols; ++j)
        target[j] = half_to_float(features.half[start + j]);
    }
  }
  return out;
}

Csr sparse_rows(const Features& features, std::span<const int64_t> rows) {
  QUERIST_CHECK(features.kind == Features::Kind::sparse);
  Csr out;
  out.cols = features.cols;
  out.offsets.reserve(rows.size() + 1);
  for (const int64_t row : rows) {
    QUERIST_CHECK(row >= 0 && static_cast<size_t>(row) < features.rows);
    const int64_t begin = features.sparse.offsets[row];
    const int64_t end = features.sparse.offsets[row + 1];
    out.columns.insert(out.columns.end(), features.sparse.columns + begin,
                       features.sparse.columns + end);
    out.values.insert(out.values.end(), features.sparse.values + begin,
                      features.sparse.values + end);
    out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  }
  return out;
}

OwnedFeatures take_rows(const Features& features, std::span<const int64_t> rows) {
  OwnedFeatures out;
  out.is_sparse = features.kind == Features::Kind::sparse;
  if (out.is_sparse) {
    out.sparse = sparse_rows(features, rows);
  } else {
    out.dense = dense_rows(features, rows);
  }
  return out;
}

}  // namespace querist
