// Highway source: <g_i, g_c> = <q_i, q_c> · <x_i, x_c>, and <q_i, q_c> = <p_i, q_c> - q_c[y_i], so
// that only the q of centres is ever made.
#include "kernels/gradient_distances.h"

#include <algorithm>

#include "base/check.h"
#include "base/threads.h"

#ifndef QUERIST_KERNELS_GRADIENT_BLOCK  // This source is included once for each vector width.
#define QUERIST_KERNELS_GRADIENT_BLOCK
namespace querist::kernels {

// Factors of rows and of centres as the vector code reads them.
struct GradientBlock {
  Features x;
  MatrixView probabilities;
  double bias;
  const int64_t* rows;
  size_t n;
  const double* norms;
  const int32_t* likeliest;
  const float* center_x;
  const float* center_q;
  const double* center_norms;
  size_t count, x_stride, q_stride;
  double* nearest;
};

}  // namespace querist::kernels
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gradient_distances.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/register_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {

// As many sums as the registers hold: 32 of them with 64 bytes, 16 otherwise.
static constexpr int block_rows = HWY_MAX_BYTES >= 64 ? 4 : 2;

// out[r * 4 + c] = <row r, centre c>; centers is 1 or 4. Centres have zeros behind their last
// column. The loops are unrolled by pragma for the reason that register_block-inl.h gives.
template <int rows, int centers, class Value>
static HWY_INLINE void dots(const Value* const* x, size_t cols, const float* center, size_t stride,
                            float* out) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[rows][4];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) sums[r][c] = hn::Zero(d);
  }
  for (size_t j = 0; j < cols; j += lanes) {
    hn::Vec<Tag> values[rows];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
      values[r] = j + lanes <= cols ? load_row(d, x[r], j) : load_first(d, x[r], j, cols - j);
#pragma GCC unroll 4
    for (int c = 0; c < centers; ++c) {
      const auto other = hn::LoadU(d, center + static_cast<size_t>(c) * stride + j);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) sums[r][c] = hn::MulAdd(values[r], other, sums[r][c]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) add_lanes4(d, sums[r], out + r * 4);
}

template <int rows, int centers, class Value>
static HWY_INLINE void meet(const GradientBlock& b, const Value* const* x, const float* const* p,
                            size_t i, size_t c) {
  float products[rows * 4], errors[rows * 4];
  dots<rows, centers>(x, b.x.cols, b.center_x + c * b.x_stride, b.x_stride, products);
  dots<rows, centers>(p, b.probabilities.cols, b.center_q + c * b.q_stride, b.q_stride, errors);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t k = 0; k < centers; ++k) {
      const float own = b.center_q[(c + k) * b.q_stride + static_cast<size_t>(b.likeliest[i + r])];
      const double dot = (static_cast<double>(errors[r * 4 + k]) - static_cast<double>(own)) *
                         (static_cast<double>(products[r * 4 + k]) + b.bias);
      const double squared = b.norms[i + r] + b.center_norms[c + k] - 2 * dot;
      b.nearest[i + r] = std::min(b.nearest[i + r], std::max(squared, 0.0));
    }
  }
}

template <int rows, class Value>
static HWY_INLINE void meet_rows(const GradientBlock& b, const Value* values, size_t i) {
  const Value* x[rows];
  const float* p[rows];
  for (size_t r = 0; r < rows; ++r) {
    const auto row = static_cast<size_t>(b.rows[i + r]);
    x[r] = values + row * b.x.cols;
    p[r] = b.probabilities.values + row * b.probabilities.cols;
  }
  size_t c = 0;
  for (; c + 4 <= b.count; c += 4) meet<rows, 4>(b, x, p, i, c);
  for (; c < b.count; ++c) meet<rows, 1>(b, x, p, i, c);
}

template <class Value>
static HWY_INLINE void meet_all(const GradientBlock& b, const Value* values) {
  size_t i = 0;
  for (; i + block_rows <= b.n; i += block_rows) meet_rows<block_rows>(b, values, i);
  for (; i < b.n; ++i) meet_rows<1>(b, values, i);
}

void GradientUpdate(const GradientBlock& b) {
  if (b.x.kind == Features::Kind::dense) {
    meet_all(b, b.x.dense);
  } else {
    meet_all(b, b.x.half);
  }
}

// <x, other> by the chain of sums that distances use.
float OneDot(const float* x, size_t cols, const float* other) {
  float out[4];
  dots<1, 1>(&x, cols, other, 0, out);
  return out[0];
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(GradientUpdate);
HWY_EXPORT(OneDot);

static constexpr size_t padding = 64;  // Floats: no vector is longer.

static size_t padded(size_t count) { return (count + padding - 1) / padding * padding; }

// The row, widened, at the front of `out`.
static void copy_row(const Features& x, size_t row, float* out) {
  if (x.kind == Features::Kind::dense) {
    std::copy_n(x.dense + row * x.cols, x.cols, out);
  } else {
    const Matrix copy = dense_rows(x, std::vector{static_cast<int64_t>(row)});
    std::ranges::copy(copy.values, out);
  }
}

GradientTerms gradient_terms(const Gradients& g, std::span<const int64_t> rows) {
  QUERIST_CHECK(g.x.kind != Features::Kind::sparse && g.x.rows == g.probabilities.rows);
  GradientTerms terms;
  terms.norms.resize(rows.size());
  terms.likeliest.resize(rows.size());
  const size_t classes = g.probabilities.cols;
  parallel_for(rows.size(), 512, [&](size_t begin, size_t end) {
    std::vector<float> x(padded(g.x.cols), 0), q(padded(classes), 0);
    for (size_t i = begin; i < end; ++i) {
      const auto p = g.probabilities.row(static_cast<size_t>(rows[i]));
      const auto y = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
      copy_row(g.x, static_cast<size_t>(rows[i]), x.data());
      std::ranges::copy(p, q.begin());
      q[y] -= 1;
      const float product = HWY_DYNAMIC_DISPATCH(OneDot)(x.data(), g.x.cols, x.data());
      const float error = HWY_DYNAMIC_DISPATCH(OneDot)(p.data(), classes, q.data());
      terms.norms[i] = (static_cast<double>(error) - static_cast<double>(q[y])) *
                       (static_cast<double>(product) + (g.bias ? 1 : 0));
      terms.norms[i] = std::max(terms.norms[i], 0.0);
      terms.likeliest[i] = static_cast<int32_t>(y);
    }
  });
  return terms;
}

GradientCenters::GradientCenters(const Gradients& g)
    : x_stride_(padded(g.x.cols)), q_stride_(padded(g.probabilities.cols)) {}

void GradientCenters::add(const Gradients& g, int64_t row, double norm, int32_t likeliest) {
  x_.resize(x_.size() + x_stride_, 0);
  q_.resize(q_.size() + q_stride_, 0);
  copy_row(g.x, static_cast<size_t>(row), x_.data() + x_.size() - x_stride_);
  float* q = q_.data() + q_.size() - q_stride_;
  std::ranges::copy(g.probabilities.row(static_cast<size_t>(row)), q);
  q[likeliest] -= 1;
  norms_.push_back(norm);
}

void gradient_update(const Gradients& g, std::span<const int64_t> rows,
                     std::span<const double> norms, std::span<const int32_t> likeliest,
                     const GradientCenters& centers, size_t begin, size_t end,
                     std::span<double> nearest) {
  QUERIST_CHECK(norms.size() == rows.size() && likeliest.size() == rows.size());
  QUERIST_CHECK(nearest.size() == rows.size() && begin <= end && end <= centers.count());
  HWY_DYNAMIC_DISPATCH(GradientUpdate)
  ({g.x, g.probabilities, g.bias ? 1.0 : 0.0, rows.data(), rows.size(), norms.data(),
    likeliest.data(), centers.x_.data() + begin * centers.x_stride_,
    centers.q_.data() + begin * centers.q_stride_, centers.norms_.data() + begin, end - begin,
    centers.x_stride_, centers.q_stride_, nearest.data()});
}

}  // namespace querist::kernels
#endif
