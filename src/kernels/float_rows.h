// Sums over remembered float32 vectors, each added in double precision.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace querist::kernels {

// out[r] = rows[r] · x; every row of x.size() numbers.
void float_row_dots(std::span<const std::vector<float>* const> rows, std::span<const double> x,
                    std::span<double> out);

// sum += Σ factors[r] * rows[r].
void add_float_rows(std::span<const std::vector<float>* const> rows,
                    std::span<const double> factors, std::span<double> sum);

}  // namespace querist::kernels
