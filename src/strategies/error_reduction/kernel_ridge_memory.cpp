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

bool KernelRidgeMemory::fits(size_t rows) { return rows > 0 && rows <= most_numbers / rows; }

void KernelRidgeMemory::start(const Pool& pool) {
  const KernelRidge model = fit_kernel_ridge(pool, gamma_, lambda_);
  labels_.begin(pool, {gamma_, lambda_});
  for (size_t i = 0; i < pool.labeled.size(); ++i)
    labels_.add(static_cast<size_t>(pool.labeled[i]), pool.labels[i]);
  const size_t n = pool.size;
  std::vector<int64_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  scores_.resize(pool.classes * n);
  covariances_.resize(n * n);
  constexpr size_t block = 128;
  parallel_for((n + block - 1) / block, 1, [&](size_t begin, size_t end) {
    const size_t last = std::min(end * block, n);
    for (size_t first = begin * block; first < last; first += block) {
      const auto rows = std::span(all).subspan(first, std::min(block, last - first));
      const auto known = kernel_ridge_known(model, pool, rows);
      const auto own = kernel_ridge_scores(model, pool.classes, known, rows.size());
      for (size_t i = 0; i < own.size(); ++i)
        scores_[i % pool.classes * n + first + i / pool.classes] = own[i];
      const auto solved = kernel_ridge_solved(model, known, rows.size());
      each_block(n, target_block, [&](size_t from, size_t count) {
        const auto some =
            kernel_ridge_covariance(model, pool, rows, solved, std::span(all).subspan(from, count));
        for (size_t i = 0; i < rows.size(); ++i)
          std::copy_n(some.data() + i * count, count, covariances_.data() + (first + i) * n + from);
      });
    }
  });
}

void KernelRidgeMemory::each_open(const std::function<void(size_t row)>& body) const {
  parallel_for(labels_.rows(), candidate_block, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (!labels_.has(i)) body(i);
      if (i % candidate_block == 0) check_interrupt();
    }
  });
}

void KernelRidgeMemory::add(size_t row, int32_t label,
                            const std::function<void(size_t row)>& visit) {
  const size_t n = labels_.rows();
  const double* own = covariance(row);
  const double spread = lambda_ + std::max(0.0, own[row]);
  labels_.add(row, label);
  for (size_t c = 0; c < labels_.classes(); ++c) {
    double* scores = scores_.data() + c * n;
    const double target = static_cast<size_t>(label) == c ? 1 : 0;
    const double surprise = (target - scores[row]) / spread;
    for (size_t u = 0; u < n; ++u) scores[u] += own[u] * surprise;
  }
  each_open([&](size_t i) {
    double* other = covariances_.data() + i * n;
    const double share = other[row] / spread;
    for (size_t u = 0; u < n; ++u) other[u] -= own[u] * share;
    if (visit) visit(i);
  });
}

void KernelRidgeMemory::look_at(const Pool& pool, double gamma, double lambda,
                                const std::function<void(size_t row)>& visit) {
  const auto fresh = labels_.new_labels(pool, {gamma, lambda});
  if (!fresh || fresh->size() > most_new_labels) {
    gamma_ = gamma;
    lambda_ = lambda;
    start(pool);
    each_open(visit);
  } else {
    if (fresh->empty()) each_open(visit);
    for (const size_t& i : *fresh) {
      const bool is_last = &i == &fresh->back();
      add(static_cast<size_t>(pool.labeled[i]), pool.labels[i], is_last ? visit : nullptr);
    }
  }
  labels_.finish(pool);
}

double KernelRidgeMemory::rounding() const {
  return 1e-15 * (1 + static_cast<double>(labels_.count()) / lambda_);
}

}  // namespace querist::strategies
