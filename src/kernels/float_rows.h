// Sums and products of long vectors, in double precision: remembered float32 ones, and doubles.
#pragma once

#include <cstddef>
#include <span>

namespace querist::kernels {

// out[r] = rows[r] · x; every row of x.size() numbers.
void float_row_dots(std::span<const float* const> rows, std::span<const double> x,
                    std::span<double> out);

// sum += Σ factors[r] * rows[r].
void add_float_rows(std::span<const float* const> rows, std::span<const double> factors,
                    std::span<double> sum);

// a · b, of the same length.
double dot(std::span<const double> a, std::span<const double> b);

}  // namespace querist::kernels
