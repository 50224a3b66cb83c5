// The recurrence of MT19937, a block of 624 words at a time.
#include "streams/parts/numpy_random.h"

#include <cmath>

#include "base/error.h"

namespace querist::streams {

NumpyRandom::NumpyRandom(uint32_t seed) {
  current_[0] = seed;
  for (uint32_t i = 1; i < block; ++i) {
    current_[i] = 1812433253u * (current_[i - 1] ^ (current_[i - 1] >> 30)) + i;
  }
  twist(current_);
  following_ = current_;
  twist(following_);
}

void NumpyRandom::twist(Words& words) {
  for (size_t i = 0; i < block; ++i) {
    const uint32_t y = (words[i] & 0x80000000u) | (words[(i + 1) % block] & 0x7fffffffu);
    words[i] = words[(i + 397) % block] ^ (y >> 1) ^ ((y & 1) ? 0x9908b0dfu : 0u);
  }
}

void NumpyRandom::turn() {
  current_ = following_;
  position_ -= block;
  twist(following_);
}

double NumpyRandom::normal_ahead() const {
  // A trial fails once in five, so the block ahead (156 trials or more) does not end in practice.
  for (size_t ahead = 0; ahead + 4 <= block; ahead += 4) {
    const double x1 = 2.0 * uniform_at(ahead) - 1.0;
    const double x2 = 2.0 * uniform_at(ahead + 2) - 1.0;
    const double r2 = x1 * x1 + x2 * x2;
    if (r2 < 1.0 && r2 != 0.0) return std::sqrt(-2.0 * std::log(r2) / r2) * x2;
  }
  fail(Code::internal, "the generator gave no normal number in {} words", block);
}

uint32_t NumpyRandom::below_mersenne() {
  constexpr uint32_t mersenne = 0x7fffffffu;
  for (;;) {
    const uint32_t value = word(0) & mersenne;
    advance(1);
    if (value < mersenne) return value;
  }
}

void NumpyRandom::fields(Archive& archive) {
  std::vector<uint32_t> words(current_.begin(), current_.end());
  archive.values("random_words", words);
  archive.count("random_position", position_);
  archive.require(words.size() == block && position_ < block, "random_words");
  std::copy(words.begin(), words.end(), current_.begin());
  following_ = current_;
  twist(following_);
}

}  // namespace querist::streams
