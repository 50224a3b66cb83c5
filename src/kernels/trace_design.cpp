// Rank-one algebra: a change of M moves leverage and effect by two dot products a candidate.
#include "kernels/trace_design.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/orthonormal.h"
#include "kernels/single_blas.h"

namespace querist::kernels {

static constexpr size_t rows_at_once = 256;  // Widened to double together, 256 kB for D = 128.

static void multiply(bool transposed, size_t rows, size_t cols, size_t inner, const double* a,
                     const double* b, double* out) {
  keep_blas_on_this_thread();
  const auto n = [](size_t value) { return static_cast<blasint>(value); };
  cblas_dgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, n(rows), n(cols),
              n(inner), 1, a, n(inner), b, n(transposed ? inner : cols), 0, out, n(cols));
}

TraceDesign::TraceDesign(const Features& x, MatrixView weights, std::span<const int64_t> chosen,
                         std::span<const int64_t> candidates, double regularization)
    : x_(x),
      weights_(weights),
      candidates_(candidates),
      width_(x.cols + 1),
      blocks_(weights.cols),
      watched_(candidates.size()) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && weights.rows == x.rows && regularization > 0);
  std::iota(watched_.begin(), watched_.end(), 0);
  parallel_for(blocks_.size(), 1, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) start(blocks_[b], b, chosen, regularization);
  });
  measure();
}

void TraceDesign::widen(std::span<const int64_t> rows, std::vector<double>& out) const {
  out.resize(rows.size() * width_);
  for (size_t i = 0; i < rows.size(); ++i) {
    double* to = out.data() + i * width_;
    const size_t from = static_cast<size_t>(rows[i]) * x_.cols;
    for (size_t j = 0; j < x_.cols; ++j) {
      to[j] = x_.kind == Features::Kind::dense
                  ? static_cast<double>(x_.dense[from + j])
                  : static_cast<double>(half_to_float(x_.half[from + j]));
    }
    to[x_.cols] = 1;
  }
}

double TraceDesign::weight(size_t candidate, size_t b) const {
  const auto row = static_cast<size_t>(candidates_[candidate]);
  return static_cast<double>(weights_.values[row * weights_.cols + b]);
}

// scale · sum over rows of a·zzᵀ.
std::vector<double> TraceDesign::weighted_gram(size_t b, std::span<const int64_t> rows,
                                               double scale) const {
  keep_blas_on_this_thread();
  std::vector<double> sum(width_ * width_);
  std::vector<double> wide;
  const auto width = static_cast<blasint>(width_);
  for (size_t from = 0; from < rows.size(); from += rows_at_once) {
    const auto part = rows.subspan(from, std::min(rows_at_once, rows.size() - from));
    widen(part, wide);
    for (size_t i = 0; i < part.size(); ++i) {
      const auto row = static_cast<size_t>(part[i]);
      const double root = std::sqrt(static_cast<double>(weights_.values[row * weights_.cols + b]));
      for (size_t j = 0; j < width_; ++j) wide[i * width_ + j] *= root;
    }
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, width, static_cast<blasint>(part.size()),
                scale, wide.data(), width, 1, sum.data(), width);
  }
  for (size_t i = 0; i < width_; ++i)
    for (size_t j = 0; j < i; ++j) sum[i * width_ + j] = sum[j * width_ + i];
  return sum;
}

void TraceDesign::start(Block& block, size_t b, std::span<const int64_t> chosen,
                        double regularization) {
  const size_t square = width_ * width_;
  std::vector<int64_t> all(x_.rows);
  std::iota(all.begin(), all.end(), 0);
  const auto pool = weighted_gram(b, all, 1 / static_cast<double>(std::max<size_t>(x_.rows, 1)));
  // The eigenvalues of M are at least the regularization: rounding cannot take the inverse away.
  const Eigen eigen = symmetric_eigen(weighted_gram(b, chosen, 1), width_);
  std::vector<double> scaled = eigen.vectors;
  std::vector<double> transposed(square);
  for (size_t i = 0; i < width_; ++i) {
    for (size_t j = 0; j < width_; ++j) {
      transposed[j * width_ + i] = eigen.vectors[i * width_ + j];
      scaled[i * width_ + j] /= regularization + std::max(eigen.values[i], 0.0);
    }
  }
  block.inverse.resize(square);
  block.spread.resize(square);
  multiply(false, width_, width_, width_, transposed.data(), scaled.data(), block.inverse.data());
  multiply(false, width_, width_, width_, block.inverse.data(), pool.data(), scaled.data());
  multiply(false, width_, width_, width_, scaled.data(), block.inverse.data(), block.spread.data());
}

// Leverage and effect from their definitions.
void TraceDesign::measure() {
  const size_t count = blocks_.size();
  leverage_.resize(candidates_.size() * count);
  effect_.resize(candidates_.size() * count);
  const size_t parts = (candidates_.size() + rows_at_once - 1) / rows_at_once;
  parallel_for(parts, 1, [&](size_t begin, size_t end) {
    std::vector<double> wide;
    std::vector<double> image(rows_at_once * width_);
    const auto forms = [&](size_t from, size_t rows, size_t b, const std::vector<double>& matrix,
                           std::vector<double>& out) {
      multiply(false, rows, width_, width_, wide.data(), matrix.data(), image.data());
      for (size_t i = 0; i < rows; ++i) {
        out[(from + i) * count + b] =
            cblas_ddot(static_cast<blasint>(width_), wide.data() + i * width_, 1,
                       image.data() + i * width_, 1);
      }
    };
    for (size_t part = begin; part < end; ++part) {
      check_interrupt();
      const size_t from = part * rows_at_once;
      const size_t rows = std::min(rows_at_once, candidates_.size() - from);
      widen(candidates_.subspan(from, rows), wide);
      for (size_t b = 0; b < count; ++b) {
        forms(from, rows, b, blocks_[b].inverse, leverage_);
        forms(from, rows, b, blocks_[b].spread, effect_);
      }
    }
  });
}

double TraceDesign::gain(size_t candidate) const {
  double sum = 0;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const double a = weight(candidate, b);
    const size_t at = candidate * blocks_.size() + b;
    sum += a * std::max(effect_[at], 0.0) / (1 + a * std::max(leverage_[at], 0.0));
  }
  return sum;
}

double TraceDesign::loss(size_t candidate) const {
  double sum = 0;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const double a = weight(candidate, b);
    const size_t at = candidate * blocks_.size() + b;
    // A chosen row has a · leverage < 1; rounding may say 1 where the regularization is tiny.
    sum += a * std::max(effect_[at], 0.0) / std::max(1 - a * leverage_[at], 1e-12);
  }
  return sum;
}

// M gains w·zzᵀ, w = sign · a. With v = M⁻¹z, u = M⁻¹FM⁻¹z and c = w / (1 + w · leverage):
// M⁻¹ -= c·vvᵀ and M⁻¹FM⁻¹ += c²·effect·vvᵀ - c·(vuᵀ + uvᵀ) (Sherman and Morrison 1950).
void TraceDesign::change(size_t candidate, double sign) {
  const size_t count = blocks_.size();
  std::vector<double> z;
  widen(candidates_.subspan(candidate, 1), z);
  std::vector<double> moved(2 * count * width_);  // v and u of every block.
  std::vector<double> factor(count);
  std::vector<double> effect(count);
  for (size_t b = 0; b < count; ++b) {
    Block& block = blocks_[b];
    double* v = moved.data() + 2 * b * width_;
    double* u = v + width_;
    multiply(false, 1, width_, width_, z.data(), block.inverse.data(), v);
    multiply(false, 1, width_, width_, z.data(), block.spread.data(), u);
    const double w = sign * weight(candidate, b);
    const size_t at = candidate * count + b;
    const double c = factor[b] = w / std::max(1 + w * leverage_[at], 1e-12);
    effect[b] = effect_[at];
    for (size_t i = 0; i < width_; ++i) {
      for (size_t j = 0; j < width_; ++j) {
        block.inverse[i * width_ + j] -= c * v[i] * v[j];
        block.spread[i * width_ + j] +=
            c * c * effect[b] * v[i] * v[j] - c * (v[i] * u[j] + u[i] * v[j]);
      }
    }
  }
  const size_t parts = (watched_.size() + rows_at_once - 1) / rows_at_once;
  parallel_for(parts, 1, [&](size_t begin, size_t end) {
    std::vector<double> wide;
    std::vector<double> dots(rows_at_once * 2 * count);
    std::vector<int64_t> rows;
    for (size_t part = begin; part < end; ++part) {
      check_interrupt();
      const size_t from = part * rows_at_once;
      const size_t n = std::min(rows_at_once, watched_.size() - from);
      rows.clear();
      for (size_t i = 0; i < n; ++i) rows.push_back(candidates_[watched_[from + i]]);
      widen(rows, wide);
      multiply(true, n, 2 * count, width_, wide.data(), moved.data(), dots.data());
      for (size_t i = 0; i < n; ++i) {
        for (size_t b = 0; b < count; ++b) {
          const double along = dots[(i * count + b) * 2];
          const double across = dots[(i * count + b) * 2 + 1];
          const size_t at = watched_[from + i] * count + b;
          const double c = factor[b];
          leverage_[at] -= c * along * along;
          effect_[at] += c * along * (c * effect[b] * along - 2 * across);
        }
      }
    }
  });
}

}  // namespace querist::kernels
