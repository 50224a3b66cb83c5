// A label's row of the factor is what its whitened row leaves unexplained.
#include "strategies/quire/kept_rows.h"

#include <cmath>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/float_rows.h"
#include "kernels/rbf.h"

namespace querist::strategies {

static constexpr size_t most_numbers = 25'000'000;
static constexpr size_t most_new_labels = 256;
static constexpr size_t block = 256;  // Rows whose kernel values are computed at a time.

void QuireMemory::start(const Pool& pool, double lmbda, double gamma) {
  *this = {};
  labels_.begin(pool, {lmbda, gamma});
  lmbda_ = lmbda;
  gamma_ = gamma;
  whitened_.resize(pool.size);
  explained_.assign(pool.size, 0);
  sums_.assign(pool.size, 0);
  predicted_.assign(pool.size * pool.classes, 0);
  norms_.assign(pool.classes, 0);
}

void QuireMemory::add(const Features& x, size_t row, int32_t label) {
  const size_t classes = labels_.classes();
  const std::vector<double> own = std::move(whitened_[row]);
  whitened_[row] = {};
  labels_.add(row, label);
  const double pivot = std::sqrt(lmbda_ + std::max(0.0, 1 - explained_[row]));
  std::vector<double> surprises(classes);
  for (size_t c = 0; c < classes; ++c) {
    const double target = static_cast<size_t>(label) == c ? 1 : -1;
    surprises[c] = (target - predicted_[row * classes + c]) / pivot;
    norms_[c] += surprises[c] * surprises[c];
  }
  std::vector<int64_t> all(labels_.rows());
  std::iota(all.begin(), all.end(), 0);
  std::vector<double> wide;
  const auto number = static_cast<int64_t>(row);
  kernels::widen_rows(x, {&number, 1}, wide);
  parallel_for(labels_.rows(), block, [&](size_t begin, size_t end) {
    kernels::PackedRows packed;
    std::vector<double> kernel(block);
    for (size_t from = begin; from < end; from += block) {
      const auto some = std::span(all).subspan(from, std::min(block, end - from));
      kernels::pack_rows(x, some, packed);
      kernels::rbf_kernel(wide.data(), 1, packed, gamma_, kernel.data());
      for (size_t at = 0; at < some.size(); ++at) {
        const size_t i = from + at;
        sums_[i] += kernel[at];
        if (labels_.has(i)) continue;
        std::vector<double>& kept = whitened_[i];
        const double next = (kernel[at] - kernels::dot(own, kept)) / pivot;
        kept.push_back(next);
        explained_[i] += next * next;
        for (size_t c = 0; c < classes; ++c) predicted_[i * classes + c] += next * surprises[c];
      }
      check_interrupt();
    }
  });
}

bool QuireMemory::look_at(const Pool& pool, double lmbda, double gamma) {
  auto fresh = labels_.new_labels(pool, {lmbda, gamma});
  if (!fresh) {
    start(pool, lmbda, gamma);
    fresh.emplace(pool.labeled.size());
    std::iota(fresh->begin(), fresh->end(), 0);
  }
  const size_t open = pool.size - pool.labeled.size();
  if (fresh->size() > most_new_labels ||
      open > most_numbers / std::max<size_t>(1, pool.labeled.size() + pool.classes)) {
    *this = {};
    return false;
  }
  for (const size_t i : *fresh)
    add(pool.embeddings, static_cast<size_t>(pool.labeled[i]), pool.labels[i]);
  labels_.finish(pool);
  return true;
}

double QuireMemory::rounding() const {
  double most = 0;
  for (size_t i = 0; i < labels_.rows(); ++i) {
    if (labels_.has(i)) most = std::max(most, sums_[i]);
  }
  return std::max(2e-14, 1e-15 * (1 + most / lmbda_));
}

std::vector<double> QuireMemory::utilities(std::span<const int64_t> candidates) const {
  std::vector<double> out;
  for (const int64_t row : candidates) {
    const auto i = static_cast<size_t>(row);
    out.push_back(
        quire_utility(norms_, predicted_.data() + i * labels_.classes(), explained_[i], lmbda_));
  }
  return out;
}

}  // namespace querist::strategies
