// One example made ready to store: its payload as text, its content's hash, and what is wrong with
// it, if anything.
#pragma once

#include "storage/examples.h"

namespace querist::storage {

struct Encoded {
  std::string payload;       // What the payload column holds.
  std::string content_hash;  // 32 raw bytes.
  std::string problem;       // Empty: none.
};

Encoded encode(const NewExample& example, const AddOptions& options);
std::string raw_hash(std::string_view hex);
std::string hex_hash(std::string_view raw);

}  // namespace querist::storage
