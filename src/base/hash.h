// SHA-256 for the ledger and file names, and Base64.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fast_hash.h"

namespace querist {

std::string sha256_hex(std::string_view bytes);  // 64 lower-case hexadecimal digits.

// SHA-256 of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  std::string hex();  // Ends the hash.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string encode_base64(std::string_view bytes);
// The bytes of a Base64 text (RFC 4648, padded); nothing when it is none.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace querist
