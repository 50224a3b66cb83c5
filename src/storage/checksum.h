// XXH64 (Collet 2012): a 64-bit checksum about as fast as memory, for blocks of feature files.
#pragma once

#include <cstdint>
#include <string_view>

namespace querist::storage {

uint64_t checksum(std::string_view bytes, uint64_t seed = 0);

}  // namespace querist::storage
