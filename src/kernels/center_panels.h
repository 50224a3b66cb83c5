// The nearest of many centres for every row: products of blocks of rows with packed centres, whose
// minimum is taken in registers, so that no table of rows by centres is ever written.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// Centres laid out for the products, all moved by their mean, so that far from the origin nothing
// cancels. Memory: twice the centres.
class CenterPanels {
 public:
  static constexpr size_t width = 32;  // Centres of one panel, which holds column after column.

  explicit CenterPanels(MatrixView centers);

  size_t count() const { return moved_.rows; }
  size_t cols() const { return moved_.cols; }
  size_t padded() const { return half_norms_.size(); }  // count, up to whole panels.
  std::span<const float> shift() const { return shift_; }
  const float* panel(size_t i) const { return panels_.data() + i * width * moved_.cols; }
  const float* half_norms() const { return half_norms_.data(); }  // Infinite beyond count.
  const Matrix& moved() const { return moved_; }

 private:
  std::vector<float> shift_;
  Matrix moved_;
  std::vector<float> panels_;
  std::vector<float> half_norms_;
};

// nearest[i]: the centre closest to row rows[i] of x (dense or half), squared[i]: |row - centre|^2,
// summed from the differences, 0 for equal rows. Ties of the float32 scores |c|^2 / 2 - <x, c> go
// to the lower centre. Both depend on the row and the centres alone, bit for bit, whether or not a
// filter in bfloat16 helps to find them (bfloat16_filter.h). Flops: 2 n k d; bytes: the rows once,
// the centres once for every 96 rows, from the second-level cache or beyond.
void nearest_centers(const Features& x, std::span<const int64_t> rows, const CenterPanels& centers,
                     std::span<int32_t> nearest, std::span<float> squared);

// scores[i * centers.padded() + c] = |c|^2 / 2 - <x, c>, of the moved rows and centres: ascending
// where the distance is. Infinite beyond the last centre. On the calling thread.
void center_scores(const Features& x, std::span<const int64_t> rows, const CenterPanels& centers,
                   std::span<float> scores);

// block (rows.size(), d): the rows less centers.shift(), widened.
void moved_rows(const Features& x, std::span<const int64_t> rows, const CenterPanels& centers,
                std::span<float> block);

// |row a of x - point|^2, summed from the differences.
float squared_distance(const Features& x, int64_t row, std::span<const float> point);
// out[i] = min(out[i], |rows[i] - point|^2), on the calling thread; which[i] = name where it fell.
// A row whose skip[i] is not 0 is left alone. The same numbers as squared_distance gives.
void lower_distances(const Features& x, std::span<const int64_t> rows, std::span<const float> point,
                     std::span<const char> skip, int32_t name, std::span<float> out,
                     std::span<int32_t> which);

// sums[j] += weight * x[row][from + j], for sums.size() columns.
void add_row(const Features& x, int64_t row, size_t from, double weight, std::span<double> sums);

}  // namespace querist::kernels
