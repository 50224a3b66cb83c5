// Dense rows go through BLAS block by block, sparse rows entry by entry with the mean taken off
// afterwards.
#include "learners/ridge/centred_rows.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/cholesky.h"
#include "kernels/sparse_product.h"

namespace querist::learners {

static constexpr size_t block_rows = 256;     // Widened to double at a time.
static constexpr size_t block_columns = 128;  // The same where columns are.
static constexpr size_t column_grain = 64;
static constexpr size_t row_grain = 64;

CentredRows::CentredRows(const Features& x, std::span<const float> weights) : x_(x) {
  std::vector<double> shares(x.rows, 1);
  for (size_t i = 0; i < weights.size(); ++i) shares[i] = static_cast<double>(weights[i]);
  for (const double share : shares) total_ += share;
  mean_ = weighted_sum(shares);
  for (double& value : mean_) value /= total_;
  roots_.resize(x.rows);
  for (size_t i = 0; i < x.rows; ++i) roots_[i] = std::sqrt(shares[i]);
}

// Sum of shares[i] x_i: every column sums over the rows in their order, whoever does it.
std::vector<double> CentredRows::weighted_sum(std::span<const double> shares) const {
  std::vector<double> sum(x_.cols);
  if (is_sparse()) {
    const CsrView& x = x_.sparse;
    for (size_t i = 0; i < x.rows; ++i) {
      for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
        sum[static_cast<size_t>(x.columns[at])] += shares[i] * static_cast<double>(x.values[at]);
      }
    }
    return sum;
  }
  parallel_for(x_.cols, column_grain, [&](size_t begin, size_t end) {
    for (size_t i = 0; i < x_.rows; ++i) {
      for (size_t j = begin; j < end; ++j) sum[j] += shares[i] * static_cast<double>(value(i, j));
    }
  });
  return sum;
}

static void mirror_lower(std::vector<double>& matrix, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j) matrix[j * n + i] = matrix[i * n + j];
  }
}

std::vector<double> CentredRows::gram() const {
  if (is_sparse()) return sparse_gram();
  const size_t n = x_.cols;
  std::vector<double> sum(n * n);
  std::vector<double> block(block_rows * n);
  for (size_t begin = 0; begin < x_.rows; begin += block_rows) {
    const size_t count = std::min(block_rows, x_.rows - begin);
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < n; ++j) {
        block[i * n + j] =
            roots_[begin + i] * (static_cast<double>(value(begin + i, j)) - mean_[j]);
      }
    }
    kernels::add_gram(block.data(), count, n, sum.data());
    check_interrupt();
  }
  mirror_lower(sum, n);
  return sum;
}

std::vector<double> CentredRows::sparse_gram() const {
  const size_t n = x_.cols;
  const CsrView& x = x_.sparse;
  std::vector<double> sum(n * n);
  for (size_t i = 0; i < x.rows; ++i) {
    const double weight = roots_[i] * roots_[i];
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      double* row = sum.data() + static_cast<size_t>(x.columns[at]) * n;
      const double share = weight * static_cast<double>(x.values[at]);
      for (int64_t other = x.offsets[i]; other <= at; ++other) {
        row[x.columns[other]] += share * static_cast<double>(x.values[other]);
      }
    }
    if (i % row_grain == 0) check_interrupt();
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) sum[i * n + j] -= total_ * mean_[i] * mean_[j];
  }
  mirror_lower(sum, n);
  return sum;
}

std::vector<double> CentredRows::row_products() const {
  if (is_sparse()) return sparse_row_products();
  const size_t n = x_.rows;
  std::vector<double> sum(n * n);
  std::vector<double> block(block_columns * n);  // (columns, rows): a gram of that is A Aᵀ.
  for (size_t begin = 0; begin < x_.cols; begin += block_columns) {
    const size_t count = std::min(block_columns, x_.cols - begin);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < count; ++j) {
        block[j * n + i] =
            roots_[i] * (static_cast<double>(value(i, begin + j)) - mean_[begin + j]);
      }
    }
    kernels::add_gram(block.data(), count, n, sum.data());
    check_interrupt();
  }
  mirror_lower(sum, n);
  return sum;
}

std::vector<double> CentredRows::sparse_row_products() const {
  const size_t n = x_.rows;
  const CsrView& x = x_.sparse;
  const Csr by_column = kernels::transpose(x);
  std::vector<double> sum(n * n);
  std::vector<double> along(n);  // x_i · mean.
  double mean_square = 0;
  for (const double value : mean_) mean_square += value * value;
  for (size_t i = 0; i < n; ++i) {
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      along[i] += static_cast<double>(x.values[at]) * mean_[static_cast<size_t>(x.columns[at])];
    }
  }
  parallel_for(n, 16, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      double* row = sum.data() + i * n;
      for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
        const auto column = static_cast<size_t>(x.columns[at]);
        const auto share = static_cast<double>(x.values[at]);
        for (int64_t j = by_column.offsets[column]; j < by_column.offsets[column + 1]; ++j) {
          const auto place = static_cast<size_t>(j);
          row[by_column.columns[place]] += share * static_cast<double>(by_column.values[place]);
        }
      }
      for (size_t j = 0; j < n; ++j) {
        row[j] = roots_[i] * roots_[j] * (row[j] - along[i] - along[j] + mean_square);
      }
    }
  });
  return sum;
}

std::vector<double> CentredRows::times(std::span<const double> beta) const {
  double shift = 0;
  for (size_t j = 0; j < beta.size(); ++j) shift += mean_[j] * beta[j];
  std::vector<double> out(x_.rows);
  parallel_for(x_.rows, row_grain, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      double sum = 0;
      if (is_sparse()) {
        const CsrView& x = x_.sparse;
        for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
          sum += static_cast<double>(x.values[at]) * beta[static_cast<size_t>(x.columns[at])];
        }
      } else {
        for (size_t j = 0; j < x_.cols; ++j) sum += static_cast<double>(value(i, j)) * beta[j];
      }
      out[i] = roots_[i] * (sum - shift);
    }
  });
  return out;
}

std::vector<double> CentredRows::transposed_times(std::span<const double> r) const {
  std::vector<double> shares(r.size());
  double total = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    shares[i] = roots_[i] * r[i];
    total += shares[i];
  }
  std::vector<double> out = weighted_sum(shares);
  for (size_t j = 0; j < out.size(); ++j) out[j] -= total * mean_[j];
  return out;
}

}  // namespace querist::learners
