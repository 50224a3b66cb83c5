// Orthonormal bases and small symmetric eigenproblems in double precision.
#pragma once

#include <cstddef>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

struct Eigen {
  std::vector<double> values;   // Descending.
  std::vector<double> vectors;  // (n, n) row-major; row i belongs to values[i], of unit length.
};

// Eigenvalues and vectors of a symmetric (n, n) row-major matrix.
Eigen symmetric_eigen(std::vector<double> matrix, size_t n);

// MᵀM of a tall matrix, (cols, cols), summed in double.
std::vector<double> gram(MatrixView m);

// Orthonormal columns that span the columns of m; fewer where m has no full rank (Stathopoulos and
// Wu 2002, SVQB, applied twice so that the columns are orthogonal to float precision).
Matrix orthonormal_columns(MatrixView m);

}  // namespace querist::kernels
