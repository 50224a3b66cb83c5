// Chooses the reader by the first bytes of the file.
#include "featurizers/pixels/decode.h"

#include "base/error.h"
#include "base/limits.h"

namespace querist::featurizers {

std::string refuse_size(uint64_t width, uint64_t height) {
  if (width == 0 || height == 0) return "the image has no pixels";
  if (width > limits::max_image_side || height > limits::max_image_side ||
      width * height > limits::max_image_pixels) {
    return fmt::format(
        "the image is {} x {} pixels; at most {} million pixels and {} a side are allowed", width,
        height, limits::max_image_pixels / 1'000'000, limits::max_image_side);
  }
  return "";
}

std::string decode_image(std::string_view bytes, size_t enough, Image& image) {
  if (bytes.empty()) return "the image is empty";
  if (bytes.starts_with("\xff\xd8\xff")) return decode_jpeg(bytes, enough, image);
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return decode_png(bytes, image);
  if (bytes.starts_with("P5") || bytes.starts_with("P6")) return decode_netpbm(bytes, image);
  return "the image is neither JPEG, PNG nor binary PGM or PPM";
}

}  // namespace querist::featurizers
