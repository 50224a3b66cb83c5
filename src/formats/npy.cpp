// NumPy arrays of embeddings: one row of a (n, d) float array is one example.
#include "formats/npy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "base/file.h"
#include "formats/format.h"
#include "formats/npy/header.h"
#include "formats/stream/file_source.h"

namespace querist::formats {

static bool recognises(std::string_view, std::string_view head, bool is_folder) {
  return !is_folder && head.starts_with("\x93NUMPY");
}

// The first number of the row that is no finite float32; the row's length if all are.
static size_t first_not_finite(const float* row, size_t cols) {
  return static_cast<size_t>(
      std::find_if(row, row + cols, [](float x) { return !std::isfinite(x); }) - row);
}

static void pass_rows(const ByteSource& bytes, size_t row_bytes, size_t rows) {
  std::string buffer(std::clamp<size_t>(row_bytes, 1, size_t{1} << 18), '\0');
  for (; rows > 0; --rows) {
    for (size_t left = row_bytes; left > 0;) {
      const size_t got = bytes(buffer.data(), std::min(left, buffer.size()));
      if (got == 0) return;
      left -= got;
    }
  }
}

static void read_npy_file(const std::filesystem::path& path, const Roles&, int64_t skip_rows,
                          const Receiver& receiver, const Progress& progress) {
  const ByteSource bytes = open_file(path, progress);
  const NpyHeader header = read_npy_header(bytes);
  require_float_matrix(header);
  Layout layout;
  layout.payload = PayloadKind::embedding;
  receiver.layout(layout);
  const size_t row_bytes = header.cols() * header.item_bytes;
  const size_t skipped =
      std::min(static_cast<size_t>(std::max<int64_t>(skip_rows, 0)), header.rows());
  pass_rows(bytes, row_bytes, skipped);
  std::string raw(row_bytes, '\0');
  for (size_t row = skipped; row < header.rows(); ++row) {
    const auto number = static_cast<int64_t>(row) + 1;
    if (read_fully(bytes, raw.data(), row_bytes) != row_bytes) {
      receiver.problem(
          {number,
           fmt::format("the file ends here, but its header promises {} rows; it is cut short",
                       header.rows())});
      return;
    }
    NewExample example;
    example.payload.embedding.resize(header.cols());
    floats_of(raw.data(), header.item_bytes, header.cols(), example.payload.embedding.data());
    const size_t bad = first_not_finite(example.payload.embedding.data(), header.cols());
    if (bad == header.cols()) {
      receiver.example(number, std::move(example));
    } else {
      receiver.problem({number, fmt::format("feature {} is {}, not a finite 32-bit float", bad,
                                            example.payload.embedding[bad])});
    }
  }
  char beyond;
  read_fully(bytes, &beyond, 1);  // A packed file's checksum is looked at when its end is read.
}

NpyShape npy_shape(const std::filesystem::path& path) {
  const Progress silent;
  const NpyHeader header = read_npy_header(open_file(path, silent));
  require_float_matrix(header);
  return {header.rows(), header.cols()};
}

void read_npy_blocks(const std::filesystem::path& path, size_t block_rows,
                     const std::function<void(size_t first_row, MatrixView block)>& block,
                     const Progress& progress) {
  const ByteSource bytes = open_file(path, progress);
  const NpyHeader header = read_npy_header(bytes);
  require_float_matrix(header);
  const size_t rows_at_once = std::clamp<size_t>(block_rows, 1, std::max<size_t>(header.rows(), 1));
  const size_t row_bytes = header.cols() * header.item_bytes;
  std::vector<float> values;
  std::string raw;
  for (size_t first = 0; first < header.rows(); first += rows_at_once) {
    const size_t rows = std::min(rows_at_once, header.rows() - first);
    values.resize(rows * header.cols());
    for (size_t row = 0; row < rows; ++row) {
      raw.resize(row_bytes);
      if (read_fully(bytes, raw.data(), row_bytes) != row_bytes) {
        refuse("{} ends in row {}, but its header promises {}; it is cut short", path.string(),
               first + row + 1, header.rows());
      }
      float* const out = values.data() + row * header.cols();
      floats_of(raw.data(), header.item_bytes, header.cols(), out);
      const size_t bad = first_not_finite(out, header.cols());
      if (bad != header.cols()) {
        refuse(
            "row {} of {} has {} as feature {}, not a finite 32-bit float; mend or leave out the "
            "row",
            first + row + 1, path.string(), out[bad], bad);
      }
    }
    block(first, {rows, header.cols(), values.data()});
  }
}

Matrix read_npy_matrix(const std::filesystem::path& path) {
  const Progress silent;
  Matrix matrix;
  matrix.cols = npy_shape(path).cols;
  // Grows with what is there: a header that promises more than the file holds costs nothing.
  const auto append = [&](size_t, MatrixView block) {
    matrix.values.insert(matrix.values.end(), block.values, block.values + block.rows * block.cols);
    matrix.rows += block.rows;
  };
  const size_t block_rows = std::max<size_t>(1, (size_t{1} << 20) / matrix.cols);
  const size_t whole = std::filesystem::file_size(path) / 2;
  matrix.values.reserve(std::min(npy_shape(path).rows, whole / matrix.cols + 1) * matrix.cols);
  read_npy_blocks(path, block_rows, append, silent);
  return matrix;
}

// One integer of any width.
static int64_t integer_of(const char* bytes, const NpyHeader& header) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, header.item_bytes);
  if (header.kind == 'i' && header.item_bytes < 8) {
    const uint64_t sign = uint64_t{1} << (8 * header.item_bytes - 1);
    return static_cast<int64_t>((value ^ sign) - sign);
  }
  if (header.kind == 'u' && value > uint64_t{INT64_MAX})
    refuse("{} is too large a row number", value);
  return static_cast<int64_t>(value);
}

std::vector<int64_t> read_npy_integers(const std::filesystem::path& path) {
  const Progress silent;
  const ByteSource bytes = open_file(path, silent);
  const NpyHeader header = read_npy_header(bytes);
  const size_t width = header.item_bytes;
  const bool integers = (header.kind == 'i' || header.kind == 'u') &&
                        (width == 1 || width == 2 || width == 4 || width == 8);
  if (!integers || header.shape.size() != 1) {
    refuse(
        "{} is no one-dimensional array of integers; save it with np.save(path, np.asarray(x, "
        "np.int64))",
        path.string());
  }
  std::vector<int64_t> values;
  char item[8];
  for (size_t i = 0; i < header.rows(); ++i) {
    if (read_fully(bytes, item, width) != width) {
      refuse("{} ends after {} of {} numbers; it is cut short", path.string(), i, header.rows());
    }
    values.push_back(integer_of(item, header));
  }
  return values;
}

static void write_array(const std::filesystem::path& path, std::string_view type,
                        const std::string& shape, std::string_view data) {
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape);
  // Magic, version, length and header together fill a multiple of 64 bytes, the last a line feed.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file += data;
  write_file_atomically(path, file);
}

void write_npy(const std::filesystem::path& path, std::span<const int64_t> values) {
  write_array(path, "<i8", fmt::format("({},)", values.size()),
              {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

void write_npy(const std::filesystem::path& path, MatrixView matrix) {
  write_array(
      path, "<f4", fmt::format("({}, {})", matrix.rows, matrix.cols),
      {reinterpret_cast<const char*>(matrix.values), matrix.rows * matrix.cols * sizeof(float)});
}

Format npy() {
  return {
      .name = "npy",
      .summary = "A NumPy array (n, d) of float16, float32 or float64 embeddings (.npy).",
      .recognises = recognises,
      .read = read_npy_file,
  };
}

}  // namespace querist::formats
