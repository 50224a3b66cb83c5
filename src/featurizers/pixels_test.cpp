// Image readers against the libraries' own writers, area averaging against means by hand, and
// hostile files.
#include "featurizers/pixels/decode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>
#include <png.h>

#include "base/rng.h"
#include "featurizers/featurizer.h"
#include "featurizers/pixels/resize.h"

namespace querist::featurizers {

static Image gradient(size_t width, size_t height) {
  Image image{.width = width, .height = height, .rgb = {}};
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      image.rgb.push_back(static_cast<uint8_t>(255 * x / width));
      image.rgb.push_back(static_cast<uint8_t>(255 * y / height));
      image.rgb.push_back(128);
    }
  }
  return image;
}

static std::string to_png(const Image& image, uint32_t format, const void* pixels) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<uint32_t>(image.width);
  png.height = static_cast<uint32_t>(image.height);
  png.format = format;
  png_alloc_size_t size = 0;
  EXPECT_TRUE(png_image_write_to_memory(&png, nullptr, &size, 0, pixels, 0, nullptr));
  std::string bytes(size, '\0');
  EXPECT_TRUE(png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels, 0, nullptr));
  bytes.resize(size);
  return bytes;
}

static std::string to_jpeg(size_t width, size_t height, int channels, J_COLOR_SPACE space,
                           const uint8_t* pixels, bool progressive = false) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = channels;
  info.in_color_space = space;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPROW row =
        const_cast<uint8_t*>(pixels + info.next_scanline * width * static_cast<size_t>(channels));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string bytes(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return bytes;
}

static void expect_close(const Image& got, const Image& want, int tolerance) {
  ASSERT_EQ(got.width, want.width);
  ASSERT_EQ(got.height, want.height);
  ASSERT_EQ(got.rgb.size(), want.rgb.size());
  int worst = 0;
  for (size_t i = 0; i < got.rgb.size(); ++i)
    worst = std::max(worst, std::abs(got.rgb[i] - want.rgb[i]));
  EXPECT_LE(worst, tolerance);
}

TEST(Decode, ReadsPngExactlyAndJpegClosely) {
  const Image image = gradient(37, 23);
  Image got;
  EXPECT_EQ(decode_image(to_png(image, PNG_FORMAT_RGB, image.rgb.data()), 100, got), "");
  expect_close(got, image, 0);
  for (const bool progressive : {false, true}) {
    EXPECT_EQ(decode_image(to_jpeg(37, 23, 3, JCS_RGB, image.rgb.data(), progressive), 100, got),
              "");
    expect_close(got, image, 24);  // Quality 95 with halved colour planes over a steep gradient.
  }
}

TEST(Decode, LaysTransparencyOverWhite) {
  const Image image{.width = 2, .height = 1, .rgb = {}};
  const uint8_t rgba[] = {255, 0, 0, 255, 255, 0, 0, 0};
  Image got;
  EXPECT_EQ(decode_image(to_png(image, PNG_FORMAT_RGBA, rgba), 1, got), "");
  EXPECT_EQ(got.rgb, (std::vector<uint8_t>{255, 0, 0, 255, 255, 255}));
}

TEST(Decode, ReadsFourInkJpeg) {
  std::vector<uint8_t> inks;  // Adobe's inverted inks: full cyan is 0.
  for (int i = 0; i < 256; ++i) inks.insert(inks.end(), {0, 255, 255, 255});
  Image got;
  ASSERT_EQ(decode_image(to_jpeg(16, 16, 4, JCS_CMYK, inks.data()), 100, got), "");
  ASSERT_EQ(got.rgb.size(), 16u * 16 * 3);
  EXPECT_NEAR(got.rgb[0], 0, 4);
  EXPECT_NEAR(got.rgb[1], 255, 4);
  EXPECT_NEAR(got.rgb[2], 255, 4);
}

TEST(Decode, ReadsLargeJpegsSmallerButNeverTooSmall) {
  const Image image = gradient(400, 330);
  Image got;
  ASSERT_EQ(decode_image(to_jpeg(400, 330, 3, JCS_RGB, image.rgb.data()), 40, got), "");
  EXPECT_EQ(got.width, 50u);
  ASSERT_EQ(decode_image(to_jpeg(400, 330, 3, JCS_RGB, image.rgb.data()), 200, got), "");
  EXPECT_EQ(got.width, 400u);
}

TEST(Decode, ReadsNetpbmOfEightAndSixteenBits) {
  Image got;
  EXPECT_EQ(decode_image("P5 # size\n2 1\n#\n255\n\x01\xff", 1, got), "");
  EXPECT_EQ(got.rgb, (std::vector<uint8_t>{1, 1, 1, 255, 255, 255}));
  EXPECT_EQ(decode_image("P6 1 1 15 \x0f" + std::string("\0\x05", 2), 1, got), "");
  EXPECT_EQ(got.rgb, (std::vector<uint8_t>{255, 0, 85}));
  EXPECT_EQ(decode_image("P5 1 1 65535\n" + std::string("\x80\0", 2), 1, got), "");
  EXPECT_EQ(got.rgb[0], 128);
}

TEST(Decode, RefusesBombsFromTheirHeaders) {
  Image got;
  EXPECT_NE(decode_image("P6 60000 60000 255\n", 1, got).find("50 million"), std::string::npos);
  EXPECT_NE(decode_image("P5 4294967296 4294967296 255\n", 1, got), "");
  EXPECT_NE(decode_image("P5 18446744073709551616 1 255\n", 1, got), "");
  EXPECT_NE(decode_image("P5 0 5 255\n", 1, got), "");
  std::string png = to_png(gradient(4, 4), PNG_FORMAT_RGB, gradient(4, 4).rgb.data());
  // The width and height of the IHDR chunk, with its checksum made anew.
  const std::string header("IHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0", 17);
  uint32_t crc = 0xffffffff;
  for (const char c : header) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
  }
  png.replace(12, 17, header);
  for (size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<char>((~crc) >> (24 - 8 * i));
  EXPECT_NE(decode_image(png, 1, got).find("60000 x 60000"), std::string::npos)
      << decode_image(png, 1, got);
  std::string jpeg = to_jpeg(8, 8, 3, JCS_RGB, gradient(8, 8).rgb.data());
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, std::string("\xea\x60\xea\x60", 4));
  EXPECT_NE(decode_image(jpeg, 1, got).find("60000 x 60000"), std::string::npos)
      << decode_image(jpeg, 1, got);
}

TEST(Decode, RefusesEveryTruncationAndSurvivesEveryFlip) {
  const Image image = gradient(20, 20);
  const std::vector<std::string> files = {to_png(image, PNG_FORMAT_RGB, image.rgb.data()),
                                          to_jpeg(20, 20, 3, JCS_RGB, image.rgb.data()),
                                          to_jpeg(20, 20, 3, JCS_RGB, image.rgb.data(), true),
                                          "P6 20 20 255\n" + std::string(1200, 'x')};
  Rng rng(3);
  for (const std::string& file : files) {
    Image got;
    // Cut before the last tenth: a PNG may lack its closing chunk, and a JPEG the zero bits at its
    // end.
    for (size_t length = 0; length < file.size() * 9 / 10; ++length) {
      EXPECT_NE(decode_image(std::string_view(file).substr(0, length), 1, got), "")
          << "cut at " << length;
    }
    for (int i = 0; i < 500; ++i) {
      std::string wrong = file;
      wrong[rng.below(wrong.size())] = static_cast<char>(rng.below(256));
      if (decode_image(wrong, 1, got).empty()) {
        EXPECT_EQ(got.rgb.size(), got.width * got.height * 3);
      }
    }
  }
}

TEST(Shrink, AveragesAreas) {
  const Image image{
      .width = 3,
      .height = 2,
      .rgb = {0, 0, 0, 30, 30, 30, 60, 60, 60, 90, 90, 90, 120, 120, 120, 150, 150, 150}};
  const std::vector<float> half = shrink(image, 2);
  // Each target covers one and a half source columns: (0 + 30/2) / 1.5 = 10 and (60 + 30/2) / 1.5
  // = 50.
  EXPECT_NEAR(half[0] * 255, 10, 1e-4);
  EXPECT_NEAR(half[3] * 255, 50, 1e-4);
  EXPECT_NEAR(half[6] * 255, 100, 1e-4);
  EXPECT_NEAR(shrink(image, 1)[1] * 255, 75, 1e-4);
  const std::vector<float> larger = shrink(image, 6);
  EXPECT_NEAR(larger[0], 0, 1e-6);
  EXPECT_NEAR(larger[3 * 2] * 255, 30, 1e-4);
  EXPECT_TRUE(is_grey(half));
  EXPECT_NEAR(to_grey(half)[0] * 255, 10, 1e-3);
}

TEST(Pixels, StaysGreyOnlyWhenEveryImageIsAndTellsShapesApart) {
  std::vector<Payload> images;
  Rng rng(1);
  for (int i = 0; i < 60; ++i) {  // Bright left or bright right halves, with noise.
    std::string image = "P5 12 12 255\n";
    for (int p = 0; p < 144; ++p)
      image +=
          static_cast<char>((p % 12 < 6) == (i % 2 == 0) ? 180 + rng.below(70) : rng.below(70));
    images.push_back({.image = image});
  }
  const auto fit = [&] {
    const FitInput input{.payloads = [&](const auto& use) { use(images); }, .columns = {}};
    return find("pixels").fit(input, Params(find("pixels").params), 1, Progress());
  };
  const Fitted grey = fit();
  EXPECT_EQ(grey.description["color"], "grey");
  const FeatureBatch out = grey.transform(images);
  double squares = 0;
  for (const float value : out.dense.values) squares += double{value} * value;
  EXPECT_NEAR(squares / static_cast<double>(out.dense.values.size()), 1,
              1e-3);  // The scores' mean variance.
  for (size_t i = 2; i < 60; ++i) EXPECT_GT(out.geometry.at(i, 0) * out.geometry.at(i % 2, 0), 0.3);
  images.push_back({.image = "P6 1 1 255\nabc"});
  EXPECT_EQ(fit().description["color"], "rgb");
}

}  // namespace querist::featurizers
