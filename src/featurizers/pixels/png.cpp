// Reads and writes PNG images through libpng's simplified interface; transparency lies over white.
#include <png.h>

#include "base/check.h"
#include "base/error.h"
#include "featurizers/pixels/decode.h"

namespace querist::featurizers {

std::string decode_png(std::string_view bytes, Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const auto failed = [&] {
    std::string reason = "the PNG image cannot be read: " + std::string(png.message);
    png_image_free(&png);
    return reason;
  };
  if (!png_image_begin_read_from_memory(&png, bytes.data(), bytes.size())) return failed();
  if (std::string reason = refuse_size(png.width, png.height); !reason.empty()) {
    png_image_free(&png);
    return reason;
  }
  png.format = PNG_FORMAT_RGB;
  image = {
      .width = png.width, .height = png.height, .rgb = std::vector<uint8_t>(PNG_IMAGE_SIZE(png))};
  const png_color white{255, 255, 255};
  if (!png_image_finish_read(&png, &white, image.rgb.data(), 0, nullptr)) return failed();
  return "";
}

std::string encode_png(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  QUERIST_CHECK(image.rgb.size() == PNG_IMAGE_SIZE(png));
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png), 0);
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr)) {
    fail(Code::internal, "the image cannot be written as PNG: {}", png.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace querist::featurizers
