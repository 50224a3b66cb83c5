// Each thread keeps what beats the k-th best that it has seen so far, in a buffer that is cut back
// to k whenever it is full.
#include "kernels/top_k.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "base/threads.h"

namespace querist::kernels {

template <class Value>
struct Entry {
  Value value;
  size_t index;
};

template <class Value>
static bool before(const Entry<Value>& a, const Entry<Value>& b) {
  return a.value != b.value ? a.value > b.value : a.index < b.index;
}

template <class Value>
static void cut(std::vector<Entry<Value>>& entries, size_t k) {
  if (entries.size() <= k) return;
  std::nth_element(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(k - 1),
                   entries.end(), before<Value>);
  entries.resize(k);
}

// Indices rise within the range, so an equal value that comes later never replaces an earlier one.
template <class Value>
static std::vector<Entry<Value>> best_of(std::span<const Value> values, size_t begin, size_t end,
                                         size_t k) {
  constexpr size_t block = 64;
  const size_t full = std::max<size_t>(4 * k, 256);
  std::vector<Entry<Value>> kept;
  kept.reserve(full + block);
  bool is_bounded = false;
  Value bound = std::numeric_limits<Value>::lowest();
  for (size_t from = begin; from < end; from += block) {
    const size_t to = std::min(end, from + block);
    if (is_bounded) {
      unsigned any = 0;
      for (size_t i = from; i < to; ++i) any |= static_cast<unsigned>(values[i] > bound);
      if (!any) continue;
    }
    for (size_t i = from; i < to; ++i) {
      if (values[i] > bound || (!is_bounded && values[i] == values[i]))
        kept.push_back({values[i], i});
    }
    if (kept.size() >= full) {
      cut(kept, k);
      is_bounded = true;
      bound = kept[k - 1].value;  // nth_element leaves the k-th best at its place.
    }
  }
  cut(kept, k);
  return kept;
}

template <class Value>
static std::vector<size_t> largest(std::span<const Value> values, size_t k) {
  k = std::min(k, values.size());
  if (k == 0) return {};
  std::vector<Entry<Value>> all;
  std::mutex mutex;
  parallel_for(values.size(), std::max<size_t>(65'536, 16 * k), [&](size_t begin, size_t end) {
    const auto kept = best_of(values, begin, end, k);
    const std::lock_guard lock(mutex);
    all.insert(all.end(), kept.begin(), kept.end());
  });
  cut(all, k);
  std::sort(all.begin(), all.end(), before<Value>);
  std::vector<size_t> indices;
  indices.reserve(all.size());
  for (const auto& entry : all) indices.push_back(entry.index);
  return indices;
}

std::vector<size_t> top_k(std::span<const float> values, size_t k) { return largest(values, k); }
std::vector<size_t> top_k(std::span<const double> values, size_t k) { return largest(values, k); }

}  // namespace querist::kernels
