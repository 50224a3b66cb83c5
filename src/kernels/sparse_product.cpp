// Row by row: a sparse row times a dense matrix is a weighted sum of the dense rows it names.
#include "kernels/sparse_product.h"

#include "base/check.h"
#include "base/threads.h"

namespace querist::kernels {

void add_scaled(float value, std::span<const float> row, std::span<float> sum) noexcept {
  const float* __restrict from = row.data();
  float* __restrict to = sum.data();
  const size_t whole = sum.size() / 16 * 16;
  for (size_t j = 0; j < whole; j += 16) {
    for (size_t k = 0; k < 16; ++k) to[j + k] += value * from[j + k];
  }
  for (size_t j = whole; j < sum.size(); ++j) to[j] += value * from[j];
}

Matrix sparse_times_dense(const CsrView& x, MatrixView y) {
  QUERIST_CHECK(x.cols == y.rows);
  Matrix out(x.rows, y.cols);
  parallel_for(x.rows, 64, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
        add_scaled(x.values[at], y.row(static_cast<size_t>(x.columns[at])), out.row(i));
      }
    }
  });
  return out;
}

Csr transpose(const CsrView& x) {
  Csr out;
  out.cols = x.rows;
  out.offsets.assign(x.cols + 1, 0);
  if (x.rows == 0) return out;
  const int64_t begin = x.offsets[0];
  const int64_t end = x.offsets[x.rows];
  for (int64_t at = begin; at < end; ++at) ++out.offsets[static_cast<size_t>(x.columns[at]) + 1];
  for (size_t c = 0; c < x.cols; ++c) out.offsets[c + 1] += out.offsets[c];
  out.columns.resize(static_cast<size_t>(end - begin));
  out.values.resize(out.columns.size());
  std::vector<int64_t> next(out.offsets.begin(), out.offsets.end() - 1);
  for (size_t i = 0; i < x.rows; ++i) {
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const auto target = static_cast<size_t>(next[static_cast<size_t>(x.columns[at])]++);
      out.columns[target] = static_cast<int32_t>(i);
      out.values[target] = x.values[at];
    }
  }
  return out;
}

}  // namespace querist::kernels
