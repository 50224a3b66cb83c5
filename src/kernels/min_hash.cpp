// Signatures, and buckets of signatures that agree on a band.
#include "kernels/min_hash.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/rng.h"
#include "base/threads.h"

namespace querist::kernels {

static constexpr size_t most_of_a_band = 100;

void HashedSets::add(std::vector<uint64_t> set) {
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  elements.insert(elements.end(), set.begin(), set.end());
  offsets.push_back(static_cast<int64_t>(elements.size()));
}

double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  size_t shared = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    shared += a[i] == b[j];
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a;
    j += step_b;
  }
  const size_t all = a.size() + b.size() - shared;
  return all == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(all);
}

std::vector<uint32_t> min_hash_signatures(const HashedSets& sets) {
  std::vector<uint32_t> signatures(sets.size() * min_hash_size,
                                   std::numeric_limits<uint32_t>::max());
  parallel_for(sets.size(), 64, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto signature = std::span(signatures).subspan(i * min_hash_size, min_hash_size);
      for (const uint64_t element : sets.set(i)) {
        for (size_t h = 0; h < min_hash_size; ++h) {
          const auto value = static_cast<uint32_t>(mix_seed(element, h) >> 32);
          signature[h] = std::min(signature[h], value);
        }
      }
    }
  });
  return signatures;
}

double estimated_jaccard(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  QUERIST_CHECK(a.size() == min_hash_size && b.size() == min_hash_size);
  size_t agree = 0;
  for (size_t h = 0; h < min_hash_size; ++h) agree += a[h] == b[h];
  return static_cast<double>(agree) / static_cast<double>(min_hash_size);
}

static uint64_t band_key(std::span<const uint32_t> signatures, size_t set, size_t band) {
  uint64_t key = band;
  for (size_t h = 0; h < min_hash_band_size; ++h)
    key = mix_seed(key, signatures[set * min_hash_size + band * min_hash_band_size + h]);
  return key;
}

std::vector<SimilarSet> most_similar(const HashedSets& sets, const HashedSets& others,
                                     double least) {
  const auto ours = min_hash_signatures(sets);
  const auto theirs = min_hash_signatures(others);
  std::vector<SimilarSet> best(sets.size());
  for (size_t band = 0; band < min_hash_bands; ++band) {
    check_interrupt();
    std::unordered_map<uint64_t, std::vector<int64_t>> buckets;
    for (size_t i = 0; i < others.size(); ++i) {
      if (others.set(i).empty()) continue;
      auto& bucket = buckets[band_key(theirs, i, band)];
      if (bucket.size() < most_of_a_band) bucket.push_back(static_cast<int64_t>(i));
    }
    for (size_t i = 0; i < sets.size(); ++i) {
      if (sets.set(i).empty()) continue;
      const auto bucket = buckets.find(band_key(ours, i, band));
      if (bucket == buckets.end()) continue;
      for (const int64_t other : bucket->second) {
        const double similarity = jaccard(sets.set(i), others.set(static_cast<size_t>(other)));
        const bool nearer = similarity > best[i].similarity ||
                            (similarity == best[i].similarity && other < best[i].other);
        if (similarity >= least && nearer) best[i] = {other, similarity};
      }
    }
  }
  return best;
}

}  // namespace querist::kernels
