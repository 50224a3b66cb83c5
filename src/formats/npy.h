// NumPy's .npy files (format 1.0 to 3.0): matrices and whole numbers in and out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "base/progress.h"

namespace querist::formats {

struct NpyShape {
  size_t rows = 0;
  size_t cols = 0;
};

// The shape of a float16, float32 or float64 matrix in C order; throws invalid_argument on any
// other array.
NpyShape npy_shape(const std::filesystem::path& path);

// A matrix as float32. Numbers that are not finite as float32 are refused, naming their row.
Matrix read_npy_matrix(const std::filesystem::path& path);

// The same matrix in blocks of at most block_rows rows, so that never more than a block is held.
void read_npy_blocks(const std::filesystem::path& path, size_t block_rows,
                     const std::function<void(size_t first_row, MatrixView block)>& block,
                     const Progress& progress);

// A one-dimensional array of integers of any width, as row numbers are written.
std::vector<int64_t> read_npy_integers(const std::filesystem::path& path);

// Whole or not at all; format 1.0.
void write_npy(const std::filesystem::path& path, std::span<const int64_t> values);
void write_npy(const std::filesystem::path& path, MatrixView matrix);

}  // namespace querist::formats
