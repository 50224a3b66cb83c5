// NumPy's legacy generator (RandomState over MT19937, Matsumoto and Nishimura 1998), draw for draw,
// so that a seed decides the same here as in libraries built upon it.
#pragma once

#include <array>
#include <cstdint>

#include "streams/parts/archive.h"

namespace querist::streams {

class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed);  // RandomState(seed).

  // random_sample(): 53 bits, two words of the generator.
  double uniform() {
    const double value = uniform_at(0);
    advance(2);
    return value;
  }
  // What normal(0, 1) would give, from the words ahead, without taking them: Marsaglia's polar
  // method (1964), the second of its pair dropped.
  double normal_ahead() const;
  // randint(2**31 - 1): the lowest 31 bits of the first word where they are below that.
  uint32_t below_mersenne();

  void fields(Archive& archive);

 private:
  static constexpr size_t block = 624;
  using Words = std::array<uint32_t, block>;

  static void twist(Words& words);
  uint32_t word(size_t ahead) const {
    const size_t at = position_ + ahead;
    uint32_t y = at < block ? current_[at] : following_[at - block];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  double uniform_at(size_t ahead) const {
    return ((word(ahead) >> 5) * 67108864.0 + (word(ahead + 1) >> 6)) / 9007199254740992.0;
  }
  void advance(size_t words) {
    position_ += words;
    if (position_ >= block) turn();
  }
  void turn();

  // The block being read and the one after it, so that looking ahead changes nothing.
  Words current_;
  Words following_;
  uint64_t position_ = 0;
};

}  // namespace querist::streams
