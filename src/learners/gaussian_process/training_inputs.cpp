// Dense rows meet in the vectorised kernel, sparse ones through an inverted index.
#include "learners/gaussian_process/training_inputs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "kernels/sparse_product.h"

namespace querist::learners {

static constexpr size_t most_dense_columns = 1024;

static void scatter(const CsrView& x, size_t row, double* out) {
  std::fill_n(out, x.cols, 0.0);
  for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
    out[x.columns[at]] = static_cast<double>(x.values[at]);
  }
}

static Matrix densified(const Csr& x) {
  Matrix out(x.rows(), x.cols);
  for (size_t i = 0; i < out.rows; ++i) {
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const auto place = static_cast<size_t>(at);
      out.at(i, static_cast<size_t>(x.columns[place])) = x.values[place];
    }
  }
  return out;
}

static double square_of(const CsrView& x, size_t row) {
  double sum = 0;
  for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
    sum += static_cast<double>(x.values[at]) * static_cast<double>(x.values[at]);
  }
  return sum;
}

TrainingInputs::TrainingInputs(OwnedFeatures rows)
    : rows_(rows.view().rows), cols_(rows.view().cols), owned_(std::move(rows)) {
  if (owned_.is_sparse && cols_ <= most_dense_columns) {
    owned_ = {.dense = densified(owned_.sparse), .sparse = {}};
  }
  if (!owned_.is_sparse) {
    std::vector<int64_t> order(rows_);
    std::iota(order.begin(), order.end(), 0);
    kernels::pack_rows(owned_.dense, order, packed_);
    return;
  }
  by_column_ = kernels::transpose(owned_.sparse);
  for (size_t i = 0; i < rows_; ++i) squares_.push_back(square_of(owned_.sparse, i));
}

// |x - row_j|² = |x|² + |row_j|² - 2 x·row_j, the products summed in the order of the columns, so
// that equal rows are at exactly 0.
void TrainingInputs::sparse_distances(const CsrView& x, size_t row, double* out) const {
  std::fill_n(out, stride(), 0.0);
  for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
    const auto column = static_cast<size_t>(x.columns[at]);
    const auto share = static_cast<double>(x.values[at]);
    for (int64_t j = by_column_.offsets[column]; j < by_column_.offsets[column + 1]; ++j) {
      const auto place = static_cast<size_t>(j);
      out[by_column_.columns[place]] += share * static_cast<double>(by_column_.values[place]);
    }
  }
  const double own = square_of(x, row);
  for (size_t j = 0; j < rows_; ++j) out[j] = std::max(0.0, own + squares_[j] - 2 * out[j]);
}

static Csr compressed(const Features& x, size_t row) {
  Csr out;
  out.cols = x.cols;
  for (size_t j = 0; j < x.cols; ++j) {
    const size_t at = row * x.cols + j;
    const float value = x.kind == Features::Kind::half ? half_to_float(x.half[at]) : x.dense[at];
    if (value == 0) continue;
    out.columns.push_back(static_cast<int32_t>(j));
    out.values.push_back(value);
  }
  out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  return out;
}

void TrainingInputs::kernel(const Features& x, size_t begin, size_t end, double gamma,
                            double* out) const {
  const bool is_sparse = x.kind == Features::Kind::sparse;
  if (owned_.is_sparse) {
    for (size_t i = begin; i < end; ++i) {
      double* row = out + (i - begin) * stride();
      if (is_sparse) {
        sparse_distances(x.sparse, i, row);
      } else {
        sparse_distances(compressed(x, i), 0, row);
      }
      for (size_t j = 0; j < rows_; ++j) row[j] = std::exp(-gamma * row[j]);
    }
    return;
  }
  std::vector<double> wide;
  if (is_sparse) {
    wide.resize((end - begin) * cols_);
    for (size_t i = begin; i < end; ++i) scatter(x.sparse, i, wide.data() + (i - begin) * cols_);
  } else {
    std::vector<int64_t> order(end - begin);
    std::iota(order.begin(), order.end(), static_cast<int64_t>(begin));
    kernels::widen_rows(x, order, wide);
  }
  kernels::rbf_kernel(wide.data(), end - begin, packed_, gamma, out);
}

static double squared_distance(std::span<const float> a, std::span<const float> b) {
  std::array<double, 8> sums{};
  for (size_t j = 0; j < a.size(); ++j) {
    const double gap = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sums[j % 8] += gap * gap;
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

std::vector<double> TrainingInputs::squared_distances() const {
  std::vector<double> out(rows_ * rows_);
  parallel_for(rows_, 8, [&](size_t begin, size_t end) {
    std::vector<double> row(stride());
    for (size_t i = begin; i < end; ++i) {
      if (owned_.is_sparse) {
        sparse_distances(owned_.sparse, i, row.data());
      } else {
        for (size_t j = 0; j < rows_; ++j) {
          row[j] = squared_distance(owned_.dense.row(i), owned_.dense.row(j));
        }
      }
      std::copy_n(row.begin(), rows_, out.begin() + static_cast<std::ptrdiff_t>(i * rows_));
    }
  });
  return out;
}

}  // namespace querist::learners
