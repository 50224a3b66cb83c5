// One more label takes from each row's covariances its own share of the new row's.
#include "strategies/error_reduction/kernel_ridge_memory.h"

#include <algorithm>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "strategies/error_reduction/error_reduction.h"
#include "strategies/error_reduction/kernel_ridge.h"

namespace querist::strategies {

static constexpr size_t most_numbers = 50'000'000;
static constexpr size_t most_new_labels = 64;

static const void* address_of(const Features& x) {
  return x.kind == Features::Kind::dense ? static_cast<const void*>(x.dense) : x.half;
}

bool KernelRidgeMemory::fits(size_t rows) { return rows > 0 && rows <= most_numbers / rows; }

void KernelRidgeMemory::start(const Pool& pool) {
  const KernelRidge model = fit_kernel_ridge(pool, gamma_, lambda_);
  std::vector<int64_t> all(rows_);
  std::iota(all.begin(), all.end(), 0);
  scores_.resize(classes_ * rows_);
  covariances_.resize(rows_ * rows_);
  class_of_.assign(rows_, -1);
  for (size_t i = 0; i < pool.labeled.size(); ++i)
    class_of_[static_cast<size_t>(pool.labeled[i])] = pool.labels[i];
  labels_ = pool.labeled.size();
  constexpr size_t block = 128;
  parallel_for((rows_ + block - 1) / block, 1, [&](size_t begin, size_t end) {
    const size_t last = std::min(end * block, rows_);
    for (size_t first = begin * block; first < last; first += block) {
      const auto rows = std::span(all).subspan(first, std::min(block, last - first));
      const auto own = kernel_ridge_scores(model, pool, rows);
      for (size_t i = 0; i < own.size(); ++i)
        scores_[i % classes_ * rows_ + first + i / classes_] = own[i];
      const auto solved = kernel_ridge_solved(model, pool, rows);
      each_block(rows_, target_block, [&](size_t from, size_t count) {
        const auto some =
            kernel_ridge_covariance(model, pool, rows, solved, std::span(all).subspan(from, count));
        for (size_t i = 0; i < rows.size(); ++i)
          std::copy_n(some.data() + i * count, count,
                      covariances_.data() + (first + i) * rows_ + from);
      });
    }
  });
}

void KernelRidgeMemory::each_open(const std::function<void(size_t row)>& body) const {
  parallel_for(rows_, candidate_block, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (class_of_[i] < 0) body(i);
      if (i % candidate_block == 0) check_interrupt();
    }
  });
}

void KernelRidgeMemory::add(size_t row, int32_t label,
                            const std::function<void(size_t row)>& visit) {
  const double* own = covariance(row);
  const double spread = lambda_ + std::max(0.0, own[row]);
  class_of_[row] = label;
  ++labels_;
  for (size_t c = 0; c < classes_; ++c) {
    double* scores = scores_.data() + c * rows_;
    const double target = static_cast<size_t>(label) == c ? 1 : 0;
    const double surprise = (target - scores[row]) / spread;
    for (size_t u = 0; u < rows_; ++u) scores[u] += own[u] * surprise;
  }
  each_open([&](size_t i) {
    double* other = covariances_.data() + i * rows_;
    const double share = other[row] / spread;
    for (size_t u = 0; u < rows_; ++u) other[u] -= own[u] * share;
    if (visit) visit(i);
  });
}

void KernelRidgeMemory::look_at(const Pool& pool, double gamma, double lambda,
                                const std::function<void(size_t row)>& visit) {
  const Features& x = pool.embeddings;
  bool goes_on = address_ == address_of(x) && rows_ == pool.size && cols_ == x.cols &&
                 classes_ == pool.classes && lambda_ == lambda && gamma_ == gamma;
  address_ = nullptr;  // An interruption leaves nothing that looks whole.
  std::vector<size_t> fresh;
  size_t known = 0;
  for (size_t i = 0; i < pool.labeled.size() && goes_on; ++i) {
    const auto row = static_cast<size_t>(pool.labeled[i]);
    goes_on = class_of_[row] < 0 || class_of_[row] == pool.labels[i];
    if (class_of_[row] >= 0) ++known;
    if (class_of_[row] < 0) fresh.push_back(i);
  }
  if (!goes_on || known != labels_ || fresh.size() > most_new_labels) {
    rows_ = pool.size;
    cols_ = x.cols;
    classes_ = pool.classes;
    gamma_ = gamma;
    lambda_ = lambda;
    start(pool);
    fresh.clear();
  }
  if (fresh.empty()) each_open(visit);
  for (const size_t& i : fresh) {
    const bool is_last = &i == &fresh.back();
    add(static_cast<size_t>(pool.labeled[i]), pool.labels[i], is_last ? visit : nullptr);
  }
  address_ = address_of(x);
}

double KernelRidgeMemory::rounding() const {
  return 1e-15 * (1 + static_cast<double>(labels_) / lambda_);
}

}  // namespace querist::strategies
