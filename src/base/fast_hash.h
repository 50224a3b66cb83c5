// A fast non-cryptographic hash for features, ties and damage.
#pragma once

#include <cstdint>
#include <string_view>

namespace querist {

// FNV-1a with a final avalanche (Fowler, Noll, Vo; finaliser of MurmurHash3, Appleby): the same on
// every machine.
uint64_t fast_hash(std::string_view bytes, uint64_t seed = 0);

// For much data at once, to tell whether it is still the same: 32 bytes a step. Little-endian
// machines agree.
uint64_t block_hash(std::string_view bytes);

}  // namespace querist
