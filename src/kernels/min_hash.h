// MinHash (Broder 1997): which sets are nearly the same, without comparing every pair.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace querist::kernels {

// Sets of hashed elements one after the other: set i is elements[offsets[i]] … [offsets[i+1] - 1],
// ascending and distinct.
struct HashedSets {
  std::vector<int64_t> offsets = {0};
  std::vector<uint64_t> elements;

  size_t size() const { return offsets.size() - 1; }
  std::span<const uint64_t> set(size_t i) const {
    return std::span(elements).subspan(static_cast<size_t>(offsets[i]),
                                       static_cast<size_t>(offsets[i + 1] - offsets[i]));
  }
  void add(std::vector<uint64_t> set);  // Sorts it and drops repeats.
};

// Shared elements by all elements; 0 for two empty sets.
double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b);

inline constexpr size_t min_hash_bands = 25;
inline constexpr size_t min_hash_band_size = 5;
inline constexpr size_t min_hash_size = min_hash_bands * min_hash_band_size;

// (sets, min_hash_size): the least of each of 125 seeded hashes over a set's elements. The share of
// places at which two signatures agree estimates their Jaccard similarity J without bias, with a
// variance of J (1 - J) / 125. O(elements · 125).
std::vector<uint32_t> min_hash_signatures(const HashedSets& sets);
double estimated_jaccard(std::span<const uint32_t> a, std::span<const uint32_t> b);

struct SimilarSet {
  int64_t other = -1;  // -1: none.
  double similarity = 0;
};

// For each set, the most similar of the others with a Jaccard similarity of at least `least`, ties
// to the lower. Only sets that agree on a whole band of five hashes are compared, then exactly: one
// of similarity 0.8 is missed with a chance of 5e-5. Of the others that share one band, no more
// than 100 are compared. Empty sets are like none.
std::vector<SimilarSet> most_similar(const HashedSets& sets, const HashedSets& others,
                                     double least);

}  // namespace querist::kernels
