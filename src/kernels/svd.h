// Truncated singular value decomposition by random projection, and principal components of dense
// rows.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// A matrix A given by what it does to narrow dense matrices.
struct MatrixOperator {
  size_t rows = 0;
  size_t cols = 0;
  std::function<Matrix(MatrixView)> times;             // A·X for X of (cols, l).
  std::function<Matrix(MatrixView)> transposed_times;  // Aᵀ·Y for Y of (rows, l).
};

// The operator of a matrix that must outlive it; half is widened once. Sparse matrices are
// transposed once.
MatrixOperator operator_of(const Features& features);

struct Svd {
  std::vector<float>
      singular;  // Descending, above the noise of float32; perhaps fewer than were asked for.
  Matrix right;  // (singular.size(), cols): orthonormal rows, the right singular vectors.
};

// The `rank` largest singular values with their right vectors (Halko, Martinsson and Tropp 2011,
// algorithms 4.4, 5.1).
Svd randomized_svd(const MatrixOperator& a, size_t rank, uint64_t seed, size_t oversampling = 10,
                   size_t power_iterations = 2);

struct Pca {
  std::vector<float> mean;    // One a column.
  std::vector<float> spread;  // Standard deviations along the axes, descending.
  Matrix axes;                // (spread.size(), cols): orthonormal rows.
};

// Principal components of dense or half rows: exact up to 1024 columns, by randomized_svd beyond.
Pca principal_components(const Features& rows, size_t dimensions, uint64_t seed);

}  // namespace querist::kernels
