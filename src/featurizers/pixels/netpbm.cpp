// Reads binary PGM (P5) and PPM (P6) images of 8 or 16 bits.
#include <algorithm>
#include <charconv>

#include "featurizers/pixels/decode.h"

namespace querist::featurizers {

// The next whole number of the header, after white space and comments; moves `at` behind it.
static bool read_number(std::string_view bytes, size_t& at, uint64_t& number) {
  while (at < bytes.size()) {
    if (bytes[at] == '#') {
      while (at < bytes.size() && bytes[at] != '\n') ++at;
    } else if (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r')) {
      ++at;
    } else {
      break;
    }
  }
  const auto [end, error] = std::from_chars(bytes.data() + at, bytes.data() + bytes.size(), number);
  at = static_cast<size_t>(end - bytes.data());
  return error == std::errc();
}

std::string decode_netpbm(std::string_view bytes, Image& image) {
  const size_t channels = bytes[1] == '6' ? 3 : 1;
  size_t at = 2;
  uint64_t width = 0;
  uint64_t height = 0;
  uint64_t brightest = 0;
  if (!read_number(bytes, at, width) || !read_number(bytes, at, height) ||
      !read_number(bytes, at, brightest) || brightest == 0 || brightest > 65535) {
    return "the header of the PGM or PPM image is damaged";
  }
  if (std::string reason = refuse_size(width, height); !reason.empty()) return reason;
  const size_t depth = brightest > 255 ? 2 : 1;
  const size_t samples = width * height * channels;
  ++at;  // One white space parts header and pixels.
  if (at > bytes.size() || bytes.size() - at < samples * depth)
    return "the PGM or PPM image is cut short";
  image = {.width = width, .height = height, .rgb = {}};
  image.rgb.reserve(width * height * 3);
  for (size_t i = 0; i < samples; ++i) {
    uint64_t value = static_cast<uint8_t>(bytes[at++]);
    if (depth == 2) value = value * 256 + static_cast<uint8_t>(bytes[at++]);
    const auto byte =
        static_cast<uint8_t>((std::min(value, brightest) * 255 + brightest / 2) / brightest);
    image.rgb.insert(image.rgb.end(), channels == 1 ? 3 : 1, byte);
  }
  return "";
}

}  // namespace querist::featurizers
