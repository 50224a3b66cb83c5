// The sealed form in which every fitted featurizer is saved: magic, name, version and checksum
// around its body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

namespace querist::featurizers {

inline constexpr uint32_t sealed_magic = 0x54414651;  // "QFAT" in the file.

inline std::string seal(std::string_view name, uint32_t version, std::string_view body) {
  ByteWriter writer;
  writer.put(sealed_magic);
  writer.put(name);
  writer.put(version);
  writer.put(fast_hash(body, version));
  writer.put(body);
  return writer.take();
}

// The body that seal() wrapped; throws invalid_argument on another featurizer's bytes, another
// version or damage.
inline std::string unseal(std::string_view name, uint32_t version, std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.number<uint32_t>() != sealed_magic) refuse("these bytes are no stored featurizer");
  const std::string found = reader.text();
  if (found != name) refuse("the stored featurizer is not a {}", name);
  const auto found_version = reader.number<uint32_t>();
  if (found_version != version) {
    refuse("the stored {} has version {}, but this program reads version {}; fit it again", name,
           found_version, version);
  }
  const auto checksum = reader.number<uint64_t>();
  std::string body = reader.text();
  if (!reader.at_end() || fast_hash(body, version) != checksum) {
    refuse("the stored {} is damaged: its checksum does not match; restore it or fit it again",
           name);
  }
  return body;
}

// A door for what no checksum can promise: sizes and numbers of a body that was written wrongly.
inline void require_sound(bool sound) {
  if (!sound) refuse("the stored featurizer is damaged: its parts do not fit together");
}

}  // namespace querist::featurizers
