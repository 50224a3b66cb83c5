// How a field of a stream's state is written and read.
#include "streams/parts/archive.h"

#include <cmath>

namespace querist::streams {

void Archive::number(std::string_view name, double& value) {
  if (reading_) {
    value = json_number(object_, name);
    require(std::isfinite(value), name);
  } else {
    object_[std::string(name)] = value;
  }
}

void Archive::count(std::string_view name, uint64_t& value) {
  if (reading_) {
    const int64_t stored = json_integer(object_, name);
    require(stored >= 0, name);
    value = static_cast<uint64_t>(stored);
  } else {
    object_[std::string(name)] = value;
  }
}

void Archive::bytes(std::string_view name, std::string& bytes) {
  if (reading_) {
    auto stored = decode_base64(json_text(object_, name));
    require(stored.has_value(), name);
    bytes = std::move(*stored);
  } else {
    object_[std::string(name)] = encode_base64(bytes);
  }
}

}  // namespace querist::streams
