// Reads JPEG images with libjpeg, whose errors come back by longjmp: nothing with a destructor
// lives across it.
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>

#include "featurizers/pixels/decode.h"

namespace querist::featurizers {

static constexpr int most_scans =
    500;  // More passes over the pixels are an attack on the processor's time.

struct Reader {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

static Reader& reader_of(j_common_ptr info) { return *static_cast<Reader*>(info->client_data); }

[[noreturn]] static void give_up(j_common_ptr info) {
  info->err->format_message(info, reader_of(info).message);
  std::longjmp(reader_of(info).back, 1);
}

// A stream that ends early is only a warning to libjpeg, which fills the rest with grey; to us it
// is damage.
static void on_message(j_common_ptr info, int level) {
  if (level < 0 && (info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JWRN_HIT_MARKER))
    give_up(info);
}

static void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= most_scans) return;
  std::strcpy(reader_of(info).message, "it has too many scans");
  std::longjmp(reader_of(info).back, 1);
}

static void open(Reader& reader, std::string_view bytes) {
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = give_up;
  reader.errors.emit_message = on_message;
  reader.info.client_data = &reader;
  jpeg_create_decompress(&reader.info);
  reader.info.client_data = &reader;  // Creation clears the structure.
  reader.progress.progress_monitor = on_progress;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&reader.info, TRUE);
}

// False: reader.message says why.
static bool read_header(Reader& reader, std::string_view bytes) {
  if (setjmp(reader.back)) return false;
  open(reader, bytes);
  return true;
}

static bool read_size(Reader& reader, size_t enough) {
  if (setjmp(reader.back)) return false;
  const bool four_inks = reader.info.num_components == 4;
  reader.info.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
  const size_t shorter = std::min(reader.info.image_width, reader.info.image_height);
  reader.info.scale_num = 1;
  reader.info.scale_denom = 1;
  while (reader.info.scale_denom < 8 && shorter / (reader.info.scale_denom * 2) >= enough) {
    reader.info.scale_denom *= 2;
  }
  jpeg_start_decompress(&reader.info);
  return true;
}

static bool read_pixels(Reader& reader, uint8_t* pixels) {
  if (setjmp(reader.back)) return false;
  const size_t stride =
      size_t{reader.info.output_width} * static_cast<size_t>(reader.info.output_components);
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row = pixels + reader.info.output_scanline * stride;
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

// Adobe's four-ink JPEGs store the inks inverted: 255 is no ink.
static void cmyk_to_rgb(Image& image) {
  const size_t pixels = image.width * image.height;
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const int ink = image.rgb[i * 4 + c];
      image.rgb[i * 3 + c] = static_cast<uint8_t>(ink * image.rgb[i * 4 + 3] / 255);
    }
  }
  image.rgb.resize(pixels * 3);
}

std::string decode_jpeg(std::string_view bytes, size_t enough, Image& image) {
  Reader reader{};
  const auto ended = [&](bool good) {
    jpeg_destroy_decompress(&reader.info);
    return good ? std::string() : "the JPEG image cannot be read: " + std::string(reader.message);
  };
  if (!read_header(reader, bytes)) return ended(false);
  if (std::string reason = refuse_size(reader.info.image_width, reader.info.image_height);
      !reason.empty()) {
    ended(true);
    return reason;
  }
  if (!read_size(reader, enough)) return ended(false);
  const size_t channels = static_cast<size_t>(reader.info.output_components);
  image = {.width = reader.info.output_width, .height = reader.info.output_height, .rgb = {}};
  image.rgb.resize(image.width * image.height * channels);
  if (!read_pixels(reader, image.rgb.data())) return ended(false);
  if (channels == 4) cmyk_to_rgb(image);
  return ended(true);
}

}  // namespace querist::featurizers
