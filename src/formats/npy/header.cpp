// Parses the Python dictionary of a .npy header (NumPy enhancement proposal 1, Kern 2007).
#include "formats/npy/header.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/limits.h"
#include "base/matrix.h"

namespace querist::formats {

static constexpr size_t max_header = size_t{1} << 20;

size_t read_fully(const ByteSource& bytes, char* buffer, size_t size) {
  size_t held = 0;
  while (held < size) {
    const size_t got = bytes(buffer + held, size - held);
    if (got == 0) break;
    held += got;
  }
  return held;
}

// What follows the key in the dictionary; the header is damaged when it is not there.
static std::string_view value_of(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  const size_t colon = at == std::string_view::npos ? at : text.find(':', at);
  const size_t value =
      colon == std::string_view::npos ? colon : text.find_first_not_of(' ', colon + 1);
  if (value == std::string_view::npos)
    refuse("the .npy header names no {}; save the array again", key);
  return text.substr(value);
}

static size_t number_of(std::string_view digits) {
  size_t value = 0;
  for (const char c : digits) {
    if (value > (SIZE_MAX >> 8)) refuse("the .npy header's shape is impossibly large");
    value = value * 10 + static_cast<size_t>(c - '0');
  }
  return value;
}

static std::vector<size_t> shape_of(std::string_view text) {
  std::vector<size_t> shape;
  const size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) {
    refuse("the .npy header's shape cannot be read; save the array again");
  }
  text = text.substr(1, end - 1);
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t begin = std::min(part.find_first_not_of(' '), part.size());
    part = part.substr(begin, part.find_last_not_of(" L") + 1 - begin);
    if (part.empty()) continue;
    if (part.find_first_not_of("0123456789") != std::string_view::npos) {
      refuse("the .npy header's shape cannot be read; save the array again");
    }
    shape.push_back(number_of(part));
  }
  return shape;
}

static void parse_type(std::string_view text, NpyHeader& header) {
  const size_t open = text.find_first_of("'\"");
  const size_t close = open == std::string_view::npos ? open : text.find(text[open], open + 1);
  if (open != 0 || close == std::string_view::npos || close < 4) {
    refuse(
        "the array is no plain array of numbers; save it with np.save(path, x.astype(np.float32))");
  }
  const std::string_view type = text.substr(1, close - 1);
  const bool digits =
      type.size() <= 4 && type.find_first_not_of("0123456789", 2) == std::string_view::npos;
  if (!digits || std::string_view("fiub").find(type[1]) == std::string_view::npos) {
    refuse("the array's type {} is no number; save it with np.save(path, x.astype(np.float32))",
           type);
  }
  if (type[0] == '>') {
    refuse("the array is big-endian ({}); save it with np.save(path, x.astype(np.float32))", type);
  }
  header.kind = type[1];
  header.item_bytes = number_of(type.substr(2));
}

NpyHeader read_npy_header(const ByteSource& bytes) {
  char fixed[8];
  if (read_fully(bytes, fixed, 8) != 8 || std::memcmp(fixed, "\x93NUMPY", 6) != 0) {
    refuse("the file is no .npy array; write it with np.save");
  }
  const int version = fixed[6];
  if (version < 1 || version > 3)
    refuse(".npy format {} is not known; versions 1 to 3 are", version);
  unsigned char raw[4] = {};
  const size_t length_bytes = version == 1 ? 2 : 4;
  size_t length = 0;
  if (read_fully(bytes, reinterpret_cast<char*>(raw), length_bytes) == length_bytes) {
    length = raw[0] | size_t{raw[1]} << 8 | size_t{raw[2]} << 16 | size_t{raw[3]} << 24;
  }
  if (length == 0 || length > max_header) refuse("the .npy header is damaged or cut short");
  std::string text(length, '\0');
  if (read_fully(bytes, text.data(), length) != length) refuse("the .npy header is cut short");
  NpyHeader header;
  parse_type(value_of(text, "descr"), header);
  header.shape = shape_of(value_of(text, "shape"));
  const bool fortran = value_of(text, "fortran_order").starts_with("True");
  if (fortran && header.shape.size() > 1) {
    refuse("the array is in Fortran order; save it with np.save(path, np.ascontiguousarray(x))");
  }
  return header;
}

void require_float_matrix(const NpyHeader& header) {
  const bool known = header.item_bytes == 2 || header.item_bytes == 4 || header.item_bytes == 8;
  if (header.kind != 'f' || !known) {
    refuse(
        "the array holds no float16, float32 or float64; save it with np.save(path, "
        "x.astype(np.float32))");
  }
  if (header.shape.size() != 2) {
    refuse(
        "the array has {} dimensions, not two (rows, features); save it with np.save(path, "
        "x.reshape(len(x), -1))",
        header.shape.size());
  }
  if (header.cols() == 0) refuse("the array's rows have no features");
  if (header.cols() > limits::max_features) {
    refuse("the array has {} features a row; at most {} can be read", header.cols(),
           limits::max_features);
  }
}

void floats_of(const char* bytes, size_t item_bytes, size_t count, float* out) {
  if (item_bytes == 4) {
    std::memcpy(out, bytes, count * 4);
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    if (item_bytes == 2) {
      uint16_t half;
      std::memcpy(&half, bytes + 2 * i, 2);
      out[i] = half_to_float(half);
    } else {
      double wide;
      std::memcpy(&wide, bytes + 8 * i, 8);
      out[i] = static_cast<float>(wide);
    }
  }
}

}  // namespace querist::formats
