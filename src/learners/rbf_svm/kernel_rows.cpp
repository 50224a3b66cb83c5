// The least recently used row makes room; the solver comes back to few rows again and again.
#include "learners/rbf_svm/kernel_rows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/interrupt.h"
#include "base/threads.h"

namespace querist::learners {

std::vector<double> squared_norms(const CsrView& rows) {
  std::vector<double> norms(rows.rows);
  for (size_t i = 0; i < rows.rows; ++i) {
    for (int64_t at = rows.offsets[i]; at < rows.offsets[i + 1]; ++at)
      norms[i] += double{rows.values[at]} * double{rows.values[at]};
  }
  return norms;
}

void sparse_rbf(const double* dense, double norm, const CsrView& rows,
                std::span<const double> norms, double gamma, double* out) {
  for (size_t i = 0; i < rows.rows; ++i) {
    double dot = 0;
    for (int64_t at = rows.offsets[i]; at < rows.offsets[i + 1]; ++at)
      dot += dense[rows.columns[at]] * double{rows.values[at]};
    out[i] = std::exp(-gamma * std::max(0.0, norm + norms[i] - 2 * dot));
  }
}

KernelRows::KernelRows(const Features& features, std::span<const int64_t> rows, double gamma,
                       size_t budget_bytes)
    : size_(rows.size()), gamma_(gamma), slot_of_row_(rows.size(), SIZE_MAX), place_(rows.size()) {
  if (features.kind == Features::Kind::sparse) {
    sparse_ = sparse_rows(features, rows);
    norms_ = squared_norms(sparse_);
    scratch_.resize(features.cols + size_);
  } else {
    kernels::pack_rows(features, rows, packed_);
    kernels::widen_rows(features, rows, wide_);
    scratch_.resize(packed_.padded());
  }
  const size_t row_bytes = std::max<size_t>(1, size_) * sizeof(float);
  slots_ = std::min(size_, std::max<size_t>(2, budget_bytes / row_bytes));
  if (slots_ == size_) {
    compute_all();
  } else {
    values_.reserve(slots_ * size_);  // Rows handed out must not move when others are added.
  }
}

void KernelRows::compute(size_t i, double* scratch, float* out) const {
  const double* kernel = scratch;
  if (packed_.rows > 0) {
    kernels::rbf_kernel(wide_.data() + i * packed_.cols, 1, packed_, gamma_, scratch);
  } else {
    const CsrView rows = sparse_;
    std::fill_n(scratch, rows.cols, 0.0);
    for (int64_t at = rows.offsets[i]; at < rows.offsets[i + 1]; ++at)
      scratch[rows.columns[at]] = double{rows.values[at]};
    sparse_rbf(scratch, norms_[i], rows, norms_, gamma_, scratch + rows.cols);
    kernel = scratch + rows.cols;
  }
  for (size_t j = 0; j < size_; ++j) out[j] = static_cast<float>(kernel[j]);
}

void KernelRows::compute_all() {
  values_.resize(size_ * size_);
  if (packed_.rows > 0) return compute_half_and_mirror();
  parallel_for(size_, 16, [&](size_t begin, size_t end) {
    std::vector<double> scratch(scratch_.size());
    for (size_t i = begin; i < end; ++i) {
      compute(i, scratch.data(), values_.data() + i * size_);
      check_interrupt();
    }
  });
}

// The kernel is symmetric to the last bit: each group of rows meets itself and the groups after it.
void KernelRows::compute_half_and_mirror() {
  constexpr size_t group = kernels::PackedRows::group;
  const size_t groups = packed_.padded() / group;
  const auto rows_of = [&](size_t g) { return std::min(group, size_ - g * group); };
  parallel_for(groups, 1, [&](size_t begin, size_t end) {
    std::vector<double> block(group * packed_.padded());
    for (size_t g = begin; g < end; ++g) {
      kernels::rbf_kernel(wide_.data() + g * group * packed_.cols, rows_of(g), packed_, gamma_,
                          block.data(), g);
      for (size_t i = 0; i < rows_of(g); ++i) {
        for (size_t j = g * group; j < size_; ++j)
          values_[(g * group + i) * size_ + j] =
              static_cast<float>(block[i * packed_.padded() + j]);
      }
      check_interrupt();
    }
  });
  parallel_for(groups, 1, [&](size_t begin, size_t end) {
    for (size_t g = begin; g < end; ++g) {
      for (size_t j = 0; j < g * group; ++j) {
        for (size_t i = g * group; i < g * group + rows_of(g); ++i)
          values_[i * size_ + j] = values_[j * size_ + i];
      }
    }
  });
}

const float* KernelRows::row(size_t i) {
  if (slots_ == size_) return values_.data() + i * size_;
  if (slot_of_row_[i] != SIZE_MAX) {
    order_.splice(order_.begin(), order_, place_[i]);
    return values_.data() + slot_of_row_[i] * size_;
  }
  size_t slot = order_.size();
  if (slot < slots_) {
    values_.resize((slot + 1) * size_);
  } else {
    slot = std::exchange(slot_of_row_[order_.back()], SIZE_MAX);
    order_.pop_back();
  }
  slot_of_row_[i] = slot;
  order_.push_front(i);
  place_[i] = order_.begin();
  compute(i, scratch_.data(), values_.data() + slot * size_);
  return values_.data() + slot * size_;
}

}  // namespace querist::learners
