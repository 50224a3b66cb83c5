// Image files to 8-bit RGB pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace querist::featurizers {

struct Image {
  size_t width = 0;
  size_t height = 0;
  std::vector<uint8_t> rgb;  // (height, width, 3).
};

// Decodes a JPEG, PNG or binary PGM/PPM file. Returns an empty text, or why the file cannot be
// read. Sizes beyond limits::max_image_pixels are refused from the header, before pixels are
// allocated. A JPEG is decoded smaller, by up to 8, as long as both sides stay at least `enough`
// pixels.
std::string decode_image(std::string_view bytes, size_t enough, Image& image);

// Each format's own reader, of the same contract.
std::string decode_jpeg(std::string_view bytes, size_t enough, Image& image);
std::string decode_png(std::string_view bytes, Image& image);
std::string decode_netpbm(std::string_view bytes, Image& image);

// The pixels as a PNG file.
std::string encode_png(const Image& image);

// Why an image of this size is refused; empty text: it is not.
std::string refuse_size(uint64_t width, uint64_t height);

}  // namespace querist::featurizers
