// A seeded generator whose every draw is the same on every machine (PCG-XSH-RR 64/32, O'Neill
// 2014).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

namespace querist {

class Rng {
 public:
  explicit Rng(uint64_t seed, uint64_t stream = 0) : increment_((stream << 1) | 1) {
    next();
    state_ += seed;
    next();
  }

  uint32_t next() {
    const uint64_t old = state_;
    state_ = old * 6364136223846793005ULL + increment_;
    const auto shifted = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
    const auto turn = static_cast<uint32_t>(old >> 59);
    return (shifted >> turn) | (shifted << ((32 - turn) & 31));
  }

  uint64_t next64() {
    const uint64_t high = next();
    return (high << 32) | next();
  }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next64() >> 11) * 0x1.0p-53; }

  // Uniform in [0, bound) without bias (Lemire 2019).
  uint64_t below(uint64_t bound) {
    auto product = static_cast<Wide>(next64()) * bound;
    auto low = static_cast<uint64_t>(product);
    if (low < bound) {
      const uint64_t threshold = -bound % bound;
      while (low < threshold) {
        product = static_cast<Wide>(next64()) * bound;
        low = static_cast<uint64_t>(product);
      }
    }
    return static_cast<uint64_t>(product >> 64);
  }

  // Standard normal (Box and Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

  template <class T>
  void shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

  // The first `count` of a random order of 0 … n-1.
  std::vector<int64_t> sample(size_t n, size_t count) {
    if (count < n / 16) return sparse_sample(n, count);
    std::vector<int64_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = 0; i < count && i < n; ++i) std::swap(order[i], order[i + below(n - i)]);
    order.resize(count < n ? count : n);
    return order;
  }

 private:
  // The same draw, keeping only the entries that a swap has moved.
  std::vector<int64_t> sparse_sample(size_t n, size_t count) {
    std::unordered_map<size_t, size_t> moved;
    const auto at = [&](size_t place) {
      const auto found = moved.find(place);
      return found == moved.end() ? place : found->second;
    };
    std::vector<int64_t> order;
    for (size_t i = 0; i < count; ++i) {
      const size_t j = i + below(n - i);
      order.push_back(static_cast<int64_t>(at(j)));
      moved[j] = at(i);
    }
    return order;
  }

  __extension__ typedef unsigned __int128 Wide;

  uint64_t state_ = 0;
  uint64_t increment_;
};

// Mixes a seed with a number (a round, a fold) into an independent seed (splitmix64, Steele et al.
// 2014).
inline uint64_t mix_seed(uint64_t seed, uint64_t salt) {
  uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (salt + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace querist
