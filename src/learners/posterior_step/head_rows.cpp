// The basis comes from the rows' products with each other.
#include "learners/posterior_step/head_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cholesky.h"
#include "kernels/orthonormal.h"

namespace querist::learners {

static std::vector<double> rows_with_one(const Features& features, size_t begin, size_t end) {
  std::vector<int64_t> rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<int64_t>(begin));
  const Matrix dense = dense_rows(features, rows);
  std::vector<double> out;
  out.reserve(rows.size() * (dense.cols + 1));
  for (size_t i = 0; i < dense.rows; ++i) {
    out.insert(out.end(), dense.row(i).begin(), dense.row(i).end());
    out.push_back(1);
  }
  return out;
}

HeadRows::HeadRows(const Features& features, const std::vector<double>& difference, size_t outputs)
    : features_(features), width_(features.cols + 1), difference_(difference) {
  const size_t count = features.rows, columns = width_;
  if (count >= columns) return;
  const std::vector<double> rows = rows_with_one(features, 0, count);
  std::vector<double> products(count * count);
  kernels::multiply_rows(rows.data(), count, rows.data(), count, columns, products.data());
  const kernels::Eigen axes = kernels::symmetric_eigen(std::move(products), count);
  width_ = 0;
  while (width_ < count && axes.values[width_] > 1e-12 * axes.values[0]) ++width_;
  spanned_.resize(count * width_);
  for (size_t j = 0; j < width_; ++j) {
    const double length = std::sqrt(axes.values[j]);
    for (size_t i = 0; i < count; ++i)
      spanned_[i * width_ + j] = axes.vectors[j * count + i] * length;
  }
  // The heads' scores on the rows say all of them that lies in the span.
  std::vector<double> scores(outputs * count);
  kernels::multiply_rows(difference.data(), outputs, rows.data(), count, columns, scores.data());
  difference_.resize(outputs * width_);
  kernels::multiply_rows(scores.data(), outputs, axes.vectors.data(), width_, count,
                         difference_.data());
  for (size_t k = 0; k < outputs; ++k) {
    for (size_t j = 0; j < width_; ++j) difference_[k * width_ + j] /= std::sqrt(axes.values[j]);
  }
  for (const double value : difference) beyond_square_ += value * value;
  for (const double value : difference_) beyond_square_ -= value * value;
  beyond_square_ = std::max(0.0, beyond_square_);
}

std::vector<double> HeadRows::block(size_t begin, size_t end) const {
  if (spanned_.empty()) return rows_with_one(features_, begin, end);
  const auto at = [&](size_t row) {
    return spanned_.begin() + static_cast<std::ptrdiff_t>(row * width_);
  };
  return {at(begin), at(end)};
}

}  // namespace querist::learners
