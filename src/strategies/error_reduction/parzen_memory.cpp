// The kernel is symmetric to the last bit, so a row of it is what a labelled row gives to all.
#include "strategies/error_reduction/parzen_memory.h"

#include <algorithm>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/rbf.h"
#include "strategies/kept/kept_labels.h"

namespace querist::strategies {

static constexpr size_t most_numbers = 50'000'000;
static constexpr size_t block_rows = 64;  // Near the square root of the rows of most pools.

static size_t blocks_of(size_t rows) { return (rows + block_rows - 1) / block_rows; }

bool ParzenMemory::fits(size_t rows, size_t classes) {
  if (rows == 0 || classes == 0) return false;
  return rows + blocks_of(rows) * classes <= most_numbers / rows;
}

void ParzenMemory::compute_kernel(const Features& x) {
  std::vector<int64_t> all(rows_);
  std::iota(all.begin(), all.end(), 0);
  kernels::PackedRows packed;
  kernels::pack_rows(x, all, packed);
  kernel_.resize(rows_ * rows_);
  constexpr size_t strip = 4;  // Rows at a time: what is not copied yet stays in the cache.
  parallel_for(rows_, strip, [&](size_t begin, size_t end) {
    std::vector<double> wide;
    std::vector<double> some(strip * packed.padded());
    for (size_t from = begin; from < end; from += strip) {
      const size_t count = std::min(strip, end - from);
      kernels::widen_rows(x, std::span(all).subspan(from, count), wide);
      kernels::rbf_kernel(wide.data(), count, packed, gamma_, some.data());
      for (size_t i = 0; i < count; ++i)
        std::copy_n(some.data() + i * packed.padded(), rows_, kernel_.data() + (from + i) * rows_);
      check_interrupt();
    }
  });
}

void ParzenMemory::sum_block(size_t block) {
  double* sums = block_votes_.data() + block * classes_ * rows_;
  std::fill_n(sums, classes_ * rows_, 0.0);
  const size_t last = std::min((block + 1) * block_rows, rows_);
  for (size_t row = block * block_rows; row < last; ++row) {
    if (class_of_[row] < 0) continue;
    const double* kernel = kernel_.data() + row * rows_;
    double* own = sums + static_cast<size_t>(class_of_[row]) * rows_;
    for (size_t u = 0; u < rows_; ++u) own[u] += kernel[u];
  }
}

void ParzenMemory::look_at(const Pool& pool, double gamma) {
  const Features& x = pool.embeddings;
  if (address_ != address_of(x) || rows_ != x.rows || cols_ != x.cols || gamma_ != gamma ||
      classes_ != pool.classes) {
    address_ = nullptr;  // An interruption leaves nothing that looks whole.
    rows_ = x.rows;
    cols_ = x.cols;
    gamma_ = gamma;
    classes_ = pool.classes;
    compute_kernel(x);
    class_of_.assign(rows_, -1);
    block_votes_.assign(blocks_of(rows_) * classes_ * rows_, 0.0);
    address_ = address_of(x);
  }
  std::vector<int32_t> class_of(rows_, -1);
  for (size_t i = 0; i < pool.labeled.size(); ++i)
    class_of[static_cast<size_t>(pool.labeled[i])] = pool.labels[i];
  class_of_.swap(class_of);
  for (size_t block = 0; block < blocks_of(rows_); ++block) {
    const auto from = static_cast<std::ptrdiff_t>(block * block_rows);
    const auto to = static_cast<std::ptrdiff_t>(std::min((block + 1) * block_rows, rows_));
    if (!std::equal(class_of_.begin() + from, class_of_.begin() + to, class_of.begin() + from))
      sum_block(block);
  }
  votes_.assign(classes_ * rows_, 0.0);
  for (size_t block = 0; block < blocks_of(rows_); ++block) {
    const double* sums = block_votes_.data() + block * votes_.size();
    for (size_t i = 0; i < votes_.size(); ++i) votes_[i] += sums[i];
  }
}

}  // namespace querist::strategies
