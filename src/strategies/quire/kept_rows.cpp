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

static const void* address_of(const Features& x) {
  return x.kind == Features::Kind::dense ? static_cast<const void*>(x.dense) : x.half;
}

void QuireMemory::start(const Pool& pool, double lmbda, double gamma) {
  *this = {};
  rows_ = pool.size;
  cols_ = pool.embeddings.cols;
  classes_ = pool.classes;
  lmbda_ = lmbda;
  gamma_ = gamma;
  class_of_.assign(rows_, -1);
  whitened_.resize(rows_);
  explained_.assign(rows_, 0);
  sums_.assign(rows_, 0);
  predicted_.assign(rows_ * classes_, 0);
  norms_.assign(classes_, 0);
}

void QuireMemory::add(const Features& x, size_t row, int32_t label) {
  const std::vector<double> own = std::move(whitened_[row]);
  whitened_[row] = {};
  class_of_[row] = label;
  const double pivot = std::sqrt(lmbda_ + std::max(0.0, 1 - explained_[row]));
  std::vector<double> surprises(classes_);
  for (size_t c = 0; c < classes_; ++c) {
    const double target = static_cast<size_t>(label) == c ? 1 : -1;
    surprises[c] = (target - predicted_[row * classes_ + c]) / pivot;
    norms_[c] += surprises[c] * surprises[c];
  }
  std::vector<int64_t> all(rows_);
  std::iota(all.begin(), all.end(), 0);
  std::vector<double> wide;
  const auto number = static_cast<int64_t>(row);
  kernels::widen_rows(x, {&number, 1}, wide);
  parallel_for(rows_, block, [&](size_t begin, size_t end) {
    kernels::PackedRows packed;
    std::vector<double> kernel(block);
    for (size_t from = begin; from < end; from += block) {
      const auto some = std::span(all).subspan(from, std::min(block, end - from));
      kernels::pack_rows(x, some, packed);
      kernels::rbf_kernel(wide.data(), 1, packed, gamma_, kernel.data());
      for (size_t at = 0; at < some.size(); ++at) {
        const size_t i = from + at;
        sums_[i] += kernel[at];
        if (class_of_[i] >= 0) continue;
        std::vector<double>& kept = whitened_[i];
        const double next = (kernel[at] - kernels::dot(own, kept)) / pivot;
        kept.push_back(next);
        explained_[i] += next * next;
        for (size_t c = 0; c < classes_; ++c) predicted_[i * classes_ + c] += next * surprises[c];
      }
      check_interrupt();
    }
  });
  ++labels_;
}

bool QuireMemory::look_at(const Pool& pool, double lmbda, double gamma) {
  const Features& x = pool.embeddings;
  bool goes_on = address_ == address_of(x) && rows_ == pool.size && cols_ == x.cols &&
                 classes_ == pool.classes && lmbda_ == lmbda && gamma_ == gamma;
  address_ = nullptr;  // An interruption leaves nothing that looks whole.
  std::vector<size_t> fresh;
  size_t known = 0;
  for (size_t i = 0; i < pool.labeled.size() && goes_on; ++i) {
    const auto row = static_cast<size_t>(pool.labeled[i]);
    goes_on = class_of_[row] < 0 || class_of_[row] == pool.labels[i];
    if (class_of_[row] >= 0) ++known;
    if (class_of_[row] < 0) fresh.push_back(i);
  }
  if (!goes_on || known != labels_) {
    start(pool, lmbda, gamma);
    fresh.resize(pool.labeled.size());
    for (size_t i = 0; i < fresh.size(); ++i) fresh[i] = i;
  }
  const size_t open = rows_ - pool.labeled.size();
  if (fresh.size() > most_new_labels ||
      open > most_numbers / std::max<size_t>(1, pool.labeled.size() + classes_)) {
    *this = {};
    return false;
  }
  for (const size_t i : fresh) add(x, static_cast<size_t>(pool.labeled[i]), pool.labels[i]);
  address_ = address_of(x);
  return true;
}

double QuireMemory::rounding() const {
  double most = 0;
  for (size_t i = 0; i < rows_; ++i) {
    if (class_of_[i] >= 0) most = std::max(most, sums_[i]);
  }
  return std::max(2e-14, 1e-15 * (1 + most / lmbda_));
}

std::vector<double> QuireMemory::utilities(std::span<const int64_t> candidates) const {
  std::vector<double> out;
  for (const int64_t row : candidates) {
    const auto i = static_cast<size_t>(row);
    out.push_back(quire_utility(norms_, predicted_.data() + i * classes_, explained_[i], lmbda_));
  }
  return out;
}

}  // namespace querist::strategies
