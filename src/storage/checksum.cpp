// XXH64 (Collet 2012), after its published specification; little-endian machines.
#include "storage/checksum.h"

#include <bit>
#include <cstring>

namespace querist::storage {

static constexpr uint64_t prime1 = 0x9e3779b185ebca87, prime2 = 0xc2b2ae3d27d4eb4f,
                          prime3 = 0x165667b19e3779f9, prime4 = 0x85ebca77c2b2ae63,
                          prime5 = 0x27d4eb2f165667c5;

template <class T>
static uint64_t load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

static uint64_t lane(uint64_t sum, uint64_t word) {
  return std::rotl(sum + word * prime2, 31) * prime1;
}

static uint64_t merge(uint64_t hash, uint64_t sum) {
  return (hash ^ lane(0, sum)) * prime1 + prime4;
}

uint64_t checksum(std::string_view bytes, uint64_t seed) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t hash = seed + prime5;
  if (left >= 32) {
    uint64_t a = seed + prime1 + prime2, b = seed + prime2, c = seed, d = seed - prime1;
    for (; left >= 32; left -= 32, at += 32) {
      a = lane(a, load<uint64_t>(at));
      b = lane(b, load<uint64_t>(at + 8));
      c = lane(c, load<uint64_t>(at + 16));
      d = lane(d, load<uint64_t>(at + 24));
    }
    hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  }
  hash += bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    hash = std::rotl(hash ^ lane(0, load<uint64_t>(at)), 27) * prime1 + prime4;
  }
  for (; left >= 4; left -= 4, at += 4) {
    hash = std::rotl(hash ^ (load<uint32_t>(at) * prime1), 23) * prime2 + prime3;
  }
  for (; left > 0; --left, ++at) {
    hash = std::rotl(hash ^ (load<uint8_t>(at) * prime5), 11) * prime1;
  }
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

}  // namespace querist::storage
