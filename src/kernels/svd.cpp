// Randomized range finder with power iterations (Halko, Martinsson and Tropp 2011), then an exact
// small decomposition.
#include "kernels/svd.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "base/check.h"
#include "base/rng.h"
#include "kernels/gemm.h"
#include "kernels/orthonormal.h"
#include "kernels/sparse_product.h"

namespace querist::kernels {

static MatrixOperator dense_operator(MatrixView a, std::shared_ptr<Matrix> owned) {
  MatrixOperator op{.rows = a.rows, .cols = a.cols};
  op.times = [a, owned](MatrixView x) {
    Matrix out(a.rows, x.cols);
    gemm(Op::plain, Op::plain, 1, a, x, 0, out);
    return out;
  };
  op.transposed_times = [a, owned](MatrixView y) {
    Matrix out(a.cols, y.cols);
    gemm(Op::transposed, Op::plain, 1, a, y, 0, out);
    return out;
  };
  return op;
}

static std::shared_ptr<Matrix> widened(const Features& features) {
  std::vector<int64_t> all(features.rows);
  std::iota(all.begin(), all.end(), 0);
  return std::make_shared<Matrix>(dense_rows(features, all));
}

MatrixOperator operator_of(const Features& features) {
  switch (features.kind) {
    case Features::Kind::dense:
      return dense_operator(MatrixView(features.rows, features.cols, features.dense), nullptr);
    case Features::Kind::half: {
      const auto owned = widened(features);
      return dense_operator(*owned, owned);
    }
    case Features::Kind::sparse:
      break;
  }
  const auto flipped = std::make_shared<Csr>(transpose(features.sparse));
  MatrixOperator op{.rows = features.rows, .cols = features.cols};
  op.times = [a = features.sparse](MatrixView x) { return sparse_times_dense(a, x); };
  op.transposed_times = [flipped](MatrixView y) { return sparse_times_dense(*flipped, y); };
  return op;
}

Svd randomized_svd(const MatrixOperator& a, size_t rank, uint64_t seed, size_t oversampling,
                   size_t power_iterations) {
  const size_t width = std::min({rank + oversampling, a.rows, a.cols});
  Svd out;
  out.right.cols = a.cols;
  if (width == 0) return out;
  Rng rng(seed);
  Matrix start(a.cols, width);
  for (float& value : start.values) value = static_cast<float>(rng.uniform() * 2 - 1);
  Matrix range = orthonormal_columns(a.times(start));
  for (size_t i = 0; i < power_iterations && range.cols > 0; ++i) {
    range = orthonormal_columns(a.times(orthonormal_columns(a.transposed_times(range))));
  }
  if (range.cols == 0) return out;  // A is zero.

  // With A ≈ Q·B and B = QᵀA, the eigenvectors of B·Bᵀ turn B's rows onto the singular vectors.
  const Matrix small = a.transposed_times(range);  // Bᵀ, (cols, width).
  const Eigen eigen = symmetric_eigen(gram(small), small.cols);
  const double floor = eigen.values[0] * 1e-10;
  size_t kept = 0;
  while (kept < std::min(rank, eigen.values.size()) && eigen.values[kept] > floor) ++kept;
  Matrix turn(kept, small.cols);
  for (size_t i = 0; i < kept; ++i) {
    out.singular.push_back(static_cast<float>(std::sqrt(eigen.values[i])));
    for (size_t j = 0; j < small.cols; ++j) {
      turn.at(i, j) =
          static_cast<float>(eigen.vectors[i * small.cols + j] / std::sqrt(eigen.values[i]));
    }
  }
  out.right = Matrix(kept, a.cols);
  gemm(Op::plain, Op::transposed, 1, turn, small, 0, out.right);
  return out;
}

// What rounding the means to float32 alone leaves in the squared singular values of centred rows.
static double rounding_noise(const std::vector<float>& mean, size_t rows) {
  double sum = 0;
  for (const float value : mean) sum += double{value} * value;
  return sum * static_cast<double>(rows) * 1e-13;
}

static void exact_axes(const Matrix& centred, size_t dimensions, double noise, Pca& out) {
  const size_t cols = centred.cols;
  const Eigen eigen = symmetric_eigen(gram(centred), cols);
  const double floor = eigen.values.empty() ? 0 : std::max(eigen.values[0] * 1e-10, noise);
  size_t kept = 0;
  while (kept < std::min(dimensions, cols) && eigen.values[kept] > floor) ++kept;
  out.axes = Matrix(kept, cols);
  for (size_t i = 0; i < kept; ++i) {
    out.spread.push_back(
        static_cast<float>(std::sqrt(eigen.values[i] / static_cast<double>(centred.rows))));
    for (size_t j = 0; j < cols; ++j)
      out.axes.at(i, j) = static_cast<float>(eigen.vectors[i * cols + j]);
  }
}

Pca principal_components(const Features& rows, size_t dimensions, uint64_t seed) {
  QUERIST_CHECK(rows.kind != Features::Kind::sparse);
  const auto centred = widened(rows);
  Pca out;
  out.axes.cols = rows.cols;
  out.mean.assign(rows.cols, 0);
  if (rows.rows == 0) return out;
  std::vector<double> sum(rows.cols);
  for (size_t i = 0; i < rows.rows; ++i) {
    for (size_t j = 0; j < rows.cols; ++j) sum[j] += centred->at(i, j);
  }
  for (size_t j = 0; j < rows.cols; ++j)
    out.mean[j] = static_cast<float>(sum[j] / static_cast<double>(rows.rows));
  for (size_t i = 0; i < rows.rows; ++i) {
    for (size_t j = 0; j < rows.cols; ++j) centred->at(i, j) -= out.mean[j];
  }
  const double noise = rounding_noise(out.mean, rows.rows);
  if (rows.cols <= 1024) {
    exact_axes(*centred, dimensions, noise, out);
    return out;
  }
  const Svd svd = randomized_svd(dense_operator(*centred, centred), dimensions, seed);
  for (const float value : svd.singular) {
    if (double{value} * value > noise)
      out.spread.push_back(value / std::sqrt(static_cast<float>(rows.rows)));
  }
  out.axes = Matrix(out.spread.size(), rows.cols);
  std::copy_n(svd.right.values.begin(), out.axes.values.size(), out.axes.values.begin());
  return out;
}

}  // namespace querist::kernels
