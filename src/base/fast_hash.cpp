// A multiplication a byte or, for blocks, a word; apart from the hashes that need OpenSSL.
#include "base/fast_hash.h"

#include <bit>
#include <cstring>

namespace querist {

uint64_t fast_hash(std::string_view bytes, uint64_t seed) {
  uint64_t h = 0xcbf29ce484222325ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
  for (const char byte : bytes) {
    h ^= static_cast<unsigned char>(byte);
    h *= 0x100000001b3ULL;
  }
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

// Four chains side by side: one multiplication waits for the last of its own chain only. A rotation
// brings high bits down, where multiplications never carry them.
uint64_t block_hash(std::string_view bytes) {
  uint64_t chains[4] = {1, 2, 3, 4};
  size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    uint64_t words[4];
    std::memcpy(words, bytes.data() + at, 32);
    for (size_t c = 0; c < 4; ++c)
      chains[c] = std::rotl((chains[c] ^ words[c]) * 0x9e3779b97f4a7c15ULL, 29);
  }
  return fast_hash({reinterpret_cast<const char*>(chains), sizeof chains},
                   fast_hash(bytes.substr(at), bytes.size()));
}

}  // namespace querist
