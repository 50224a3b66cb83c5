// A multiplication a byte, apart from the hashes that need OpenSSL.
#include "base/fast_hash.h"

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

}  // namespace querist
