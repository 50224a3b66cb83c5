// Highway source: blocks of rows meet four centres at a time, all sums in registers.
#include "kernels/nearest_update.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/nearest_update.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/register_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {

// As many sums as the registers hold: 32 of them with 64 bytes, 16 otherwise.
static constexpr int block_rows = HWY_MAX_BYTES >= 64 ? 4 : 2;
static constexpr size_t block_centers = 16;  // Their distances lie on the stack.

// The loops are unrolled by pragma for the reason that register_block-inl.h gives.
template <int rows, int centers, class Load, class LoadCenter>
static HWY_INLINE void add_squares(Load load, LoadCenter load_center, hn::Vec<Tag> (*sums)[4]) {
  hn::Vec<Tag> values[rows];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) values[r] = load(r);
#pragma GCC unroll 4
  for (int c = 0; c < centers; ++c) {
    const auto center = load_center(c);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const auto gap = hn::Sub(values[r], center);
      sums[r][c] = hn::MulAdd(gap, gap, sums[r][c]);
    }
  }
}

// out[r * block_centers + c] = squared distance of row r and centre c; centers is 1 or 4.
template <int rows, int centers, class Value>
static HWY_INLINE void distances(const Value* const* x, size_t cols, const float* center,
                                 float* out) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[rows][4];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) sums[r][c] = hn::Zero(d);
  }
  size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    add_squares<rows, centers>(
        [&](int r) HWY_ATTR { return load_row(d, x[r], j); },
        [&](int c) HWY_ATTR { return hn::LoadU(d, center + static_cast<size_t>(c) * cols + j); },
        sums);
  }
  if (j < cols) {
    add_squares<rows, centers>(
        [&](int r) HWY_ATTR { return load_first(d, x[r], j, cols - j); },
        [&](int c)
            HWY_ATTR { return load_first(d, center + static_cast<size_t>(c) * cols, j, cols - j); },
        sums);
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
    float totals[4];
    add_lanes4(d, sums[r], totals);
#pragma GCC unroll 4
    for (int c = 0; c < centers; ++c) out[static_cast<size_t>(r) * block_centers + c] = totals[c];
  }
}

// The least of `count` numbers and `least`.
static HWY_INLINE float fold(const float* values, size_t count, float least) {
  for (size_t k = 0; k < count; ++k) least = std::min(least, values[k]);
  return least;
}

// Hands each row's distances to up to block_centers centres to finish(row, first centre, numbers,
// how many).
template <int rows, class Value, class Finish>
static HWY_INLINE void meet(const Value* const* x, size_t cols, const float* centers, size_t count,
                            Finish finish) {
  float out[static_cast<size_t>(rows) * block_centers];
  for (size_t from = 0; from < count; from += block_centers) {
    const size_t width = std::min(block_centers, count - from);
    size_t c = 0;
    for (; c + 4 <= width; c += 4) {
      distances<rows, 4>(x, cols, centers + (from + c) * cols, out + c);
    }
    for (; c < width; ++c) distances<rows, 1>(x, cols, centers + (from + c) * cols, out + c);
    for (size_t r = 0; r < static_cast<size_t>(rows); ++r) {
      finish(r, from, out + r * block_centers, width);
    }
  }
}

template <class Value, class Finish>
static HWY_INLINE void meet_all(const Value* x, size_t cols, const int64_t* rows, size_t n,
                                const float* centers, size_t count, Finish finish) {
  const Value* at[block_rows];
  size_t i = 0;
  for (; i + block_rows <= n; i += block_rows) {
    for (size_t r = 0; r < block_rows; ++r) at[r] = x + static_cast<size_t>(rows[i + r]) * cols;
    meet<block_rows>(at, cols, centers, count,
                     [&](size_t r, size_t from, float* numbers, size_t width)
                         HWY_ATTR { finish(i + r, from, numbers, width); });
  }
  for (; i < n; ++i) {
    at[0] = x + static_cast<size_t>(rows[i]) * cols;
    meet<1>(at, cols, centers, count,
            [&](size_t, size_t from, float* numbers, size_t width)
                HWY_ATTR { finish(i, from, numbers, width); });
  }
}

template <class Finish>
static HWY_INLINE void meet_either(const Features& x, const int64_t* rows, size_t n,
                                   const float* centers, size_t count, Finish finish) {
  if (x.kind == Features::Kind::dense) {
    meet_all(x.dense, x.cols, rows, n, centers, count, finish);
  } else {
    meet_all(x.half, x.cols, rows, n, centers, count, finish);
  }
}

void NearestUpdate(const Features& x, const int64_t* rows, size_t n, const float* centers,
                   size_t count, float* nearest) {
  meet_either(x, rows, n, centers, count,
              [&](size_t i, size_t, const float* numbers, size_t width)
                  HWY_ATTR { nearest[i] = fold(numbers, width, nearest[i]); });
}

void NearestProductUpdate(const Features& x, const int64_t* rows, size_t n, const float* centers,
                          size_t count, const float* predictions, const float* targets,
                          float* nearest) {
  meet_either(x, rows, n, centers, count,
              [&](size_t i, size_t from, float* numbers, size_t width) HWY_ATTR {
                for (size_t k = 0; k < width; ++k) {
                  const float gap = predictions[i] - targets[from + k];
                  numbers[k] *= gap * gap;
                }
                nearest[i] = fold(numbers, width, nearest[i]);
              });
}

void DistanceSums(const Features& x, const int64_t* rows, size_t n, const float* centers,
                  size_t count, double* sums) {
  meet_either(x, rows, n, centers, count,
              [&](size_t i, size_t, const float* numbers, size_t width) HWY_ATTR {
                for (size_t k = 0; k < width; ++k) sums[i] += std::sqrt(numbers[k]);
              });
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(NearestUpdate);
HWY_EXPORT(NearestProductUpdate);
HWY_EXPORT(DistanceSums);

static void check_shapes(const Features& x, size_t rows, MatrixView centers, size_t out) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && centers.cols == x.cols && out == rows);
}

void nearest_update(const Features& x, std::span<const int64_t> rows, MatrixView centers,
                    std::span<float> nearest, const TargetGaps* gaps) {
  check_shapes(x, rows.size(), centers, nearest.size());
  if (!gaps) {
    HWY_DYNAMIC_DISPATCH(NearestUpdate)
    (x, rows.data(), rows.size(), centers.values, centers.rows, nearest.data());
    return;
  }
  QUERIST_CHECK(gaps->predictions.size() == rows.size() && gaps->targets.size() == centers.rows);
  HWY_DYNAMIC_DISPATCH(NearestProductUpdate)
  (x, rows.data(), rows.size(), centers.values, centers.rows, gaps->predictions.data(),
   gaps->targets.data(), nearest.data());
}

void distance_sums(const Features& x, std::span<const int64_t> rows, MatrixView centers,
                   std::span<double> sums) {
  check_shapes(x, rows.size(), centers, sums.size());
  HWY_DYNAMIC_DISPATCH(DistanceSums)
  (x, rows.data(), rows.size(), centers.values, centers.rows, sums.data());
}

}  // namespace querist::kernels
#endif
