// .npy against bytes laid out by hand as NumPy writes them, and back.
#include "formats/npy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/file.h"
#include "formats/format/collected.h"
#include "formats/npy/array.h"

namespace querist::formats {

template <class T>
static std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// The file as numpy.lib.format writes it.
static std::string npy_file(const std::string& type, const std::string& shape,
                            const std::string& data, int version = 1,
                            const std::string& fortran = "False") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  const size_t fixed = version == 1 ? 10 : 12;
  while ((fixed + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  if (version > 1) file += std::string(2, '\0');
  return file + header + data;
}

TEST(NpyArray, IsUsedAsItLiesOrNarrowedOnce) {
  const TestFolder folder;
  const auto path = [&](const std::string& type, const std::string& shape,
                        const std::string& data) {
    return folder.write("a.npy", npy_file(type, shape, data));
  };
  NpyArray halves(
      path("<f2", "(2, 2)", bytes_of(std::vector<uint16_t>{0x3c00, 0xc000, 0x3800, 0})));
  EXPECT_EQ(halves.features().kind, Features::Kind::half);
  EXPECT_EQ(halves.features().half[1], 0xc000);
  EXPECT_EQ(halves.floats()[2], 0.5f);
  NpyArray cube(path("<f8", "(2, 1, 3)", bytes_of(std::vector<double>{1, 2, 3, 4, 5, 6})));
  EXPECT_EQ(cube.shape(), (std::vector<size_t>{2, 1, 3}));
  EXPECT_EQ(cube.floats()[5], 6);
  EXPECT_THROW(cube.features(), Error);
  NpyArray small(path("|i1", "(3,)", std::string("\xff\x00\x7f", 3)));
  EXPECT_EQ(small.floats()[0], -1);
  EXPECT_EQ(small.features().cols, 1u);
  NpyArray nan(path("<f4", "(1, 1)", bytes_of(std::vector<float>{NAN})));
  EXPECT_TRUE(std::isnan(nan.floats()[0]));
}

TEST(NpyArray, RefusesWhatIsCutShortOrNoNumbers) {
  const TestFolder folder;
  const auto opened = [&](const std::string& type, const std::string& shape, size_t bytes) {
    NpyArray array(folder.write("a.npy", npy_file(type, shape, std::string(bytes, 'x'))));
  };
  EXPECT_THROW(opened("<f4", "(2, 2)", 15), Error);
  EXPECT_THROW(opened("<f4", "(4611686018427387904, 8)", 64), Error);
  EXPECT_THROW(opened("<f4", "(1, 1, 1, 1)", 4), Error);
  EXPECT_THROW(opened("|b1", "(2,)", 2), Error);
  EXPECT_THROW(opened("<f4", "()", 4), Error);
}

static const std::vector<std::vector<float>> three_rows = {{1, -2}, {0.5, 65504}, {0, -0.25}};

static void expect_three_rows(const Collected& got) {
  EXPECT_FALSE(got.error);
  ASSERT_EQ(got.examples.size(), 3u);
  EXPECT_EQ(got.layout->payload, PayloadKind::embedding);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got.examples[i].first, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(got.examples[i].second.payload.embedding, three_rows[i]);
  }
}

TEST(Npy, ReadsEveryWidthAndVersion) {
  const TestFolder folder;
  const std::string halves =
      bytes_of(std::vector<uint16_t>{0x3c00, 0xc000, 0x3800, 0x7bff, 0, 0xb400});
  const std::string floats = bytes_of(std::vector<float>{1, -2, 0.5, 65504, 0, -0.25});
  const std::string doubles = bytes_of(std::vector<double>{1, -2, 0.5, 65504, 0, -0.25});
  for (int version = 1; version <= 3; ++version) {
    expect_three_rows(
        collect_file(folder.write("h.npy", npy_file("<f2", "(3, 2)", halves, version))));
    expect_three_rows(
        collect_file(folder.write("f.npy", npy_file("<f4", "(3, 2)", floats, version))));
    expect_three_rows(
        collect_file(folder.write("d.npy", npy_file("<f8", "(3, 2)", doubles, version))));
  }
}

TEST(Npy, RefusesOtherArraysAndSaysHowToSaveThem) {
  const TestFolder folder;
  const std::string data(48, '\0');
  const auto message = [&](const std::string& file) {
    const auto got = collect_file(folder.write("x.npy", file));
    return got.error ? std::string(got.error->what()) : std::string();
  };
  EXPECT_NE(message(npy_file("<f4", "(3, 2)", data, 1, "True")).find("np.ascontiguousarray"),
            std::string::npos);
  EXPECT_NE(message(npy_file(">f4", "(3, 2)", data)).find("big-endian"), std::string::npos);
  EXPECT_NE(message(npy_file("<i8", "(3, 2)", data)).find("np.float32"), std::string::npos);
  EXPECT_NE(message(npy_file("|O", "(3, 2)", data)).find("np.float32"), std::string::npos);
  EXPECT_NE(message(npy_file("<U10", "(3, 2)", data)).find("np.float32"), std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(6,)", data)).find("reshape"), std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "()", data)).find("0 dimensions"), std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(3, 2, 1)", data)).find("3 dimensions"), std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(3, 0)", data)).find("no features"), std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(3, 99999999)", data)).find("features a row"),
            std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(99999999999999999999999, 2)", data)).find("large"),
            std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(-3, 2)", data)).find("shape"), std::string::npos);
  EXPECT_NE(message(npy_file("<f4", "(3, 2)", data, 9)).find("format 9"), std::string::npos);
}

TEST(Npy, ReportsRowsThatAreNotFiniteAndFilesThatAreCut) {
  const TestFolder folder;
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string data =
      bytes_of(std::vector<double>{1, 2, std::nan(""), 2, 1, -infinity, 1e300, 0, 3, 4});
  const auto got = collect_file(folder.write("x.npy", npy_file("<f8", "(7, 2)", data)));
  ASSERT_EQ(got.examples.size(), 2u);
  ASSERT_EQ(got.problems.size(), 4u);
  EXPECT_EQ(got.problems[0].row, 2);
  EXPECT_EQ(got.problems[0].reason, "feature 0 is nan, not a finite 32-bit float");
  EXPECT_EQ(got.problems[1].reason, "feature 1 is -inf, not a finite 32-bit float");
  EXPECT_EQ(got.problems[2].row, 4);
  EXPECT_EQ(got.problems[3].row, 6);
  EXPECT_NE(got.problems[3].reason.find("promises 7 rows"), std::string::npos);
}

TEST(Npy, ReadsAMatrixWholeAndInBlocks) {
  const TestFolder folder;
  Matrix matrix(1000, 7);
  for (size_t i = 0; i < matrix.values.size(); ++i)
    matrix.values[i] = static_cast<float>(i) * 0.5f - 100;
  const auto path = folder.path() / "m.npy";
  write_npy(path, matrix);
  EXPECT_EQ(npy_shape(path).rows, 1000u);
  EXPECT_EQ(npy_shape(path).cols, 7u);
  const Matrix back = read_npy_matrix(path);
  EXPECT_EQ(back.rows, 1000u);
  EXPECT_EQ(back.values, matrix.values);
  const Progress silent;
  size_t next = 0;
  read_npy_blocks(
      path, 64,
      [&](size_t first, MatrixView block) {
        EXPECT_EQ(first, next);
        EXPECT_LE(block.rows, 64u);
        for (size_t i = 0; i < block.rows; ++i) EXPECT_EQ(block.row(i)[6], matrix.at(first + i, 6));
        next += block.rows;
      },
      silent);
  EXPECT_EQ(next, 1000u);
}

TEST(Npy, RefusesAMatrixWithABadRowByItsNumberAndOneThatIsCut) {
  const TestFolder folder;
  const auto bad =
      folder.write("x.npy", npy_file("<f4", "(2, 2)", bytes_of(std::vector<float>{1, 2, 3, NAN})));
  try {
    read_npy_matrix(bad);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).rfind("row 2 of ", 0), 0u) << error.what();
  }
  const auto cut = folder.write(
      "y.npy", npy_file("<f4", "(999999999999, 2)", bytes_of(std::vector<float>{1, 2, 3})));
  EXPECT_THROW(read_npy_matrix(cut), Error);
}

TEST(Npy, WritesWhatNumPyWrites) {
  const TestFolder folder;
  const auto path = folder.path() / "i.npy";
  const std::vector<int64_t> values = {3, -1, int64_t{1} << 40};
  write_npy(path, values);
  EXPECT_EQ(read_file(path), npy_file("<i8", "(3,)", bytes_of(values)));
  EXPECT_EQ(read_npy_integers(path), values);
  write_npy(path, Matrix(2, 3));
  EXPECT_EQ(read_file(path), npy_file("<f4", "(2, 3)", std::string(24, '\0')));
}

TEST(Npy, ReadsRowNumbersOfEveryWidth) {
  const TestFolder folder;
  const std::vector<int64_t> expected = {5, -2};
  EXPECT_EQ(read_npy_integers(folder.write(
                "a.npy", npy_file("<i4", "(2,)", bytes_of(std::vector<int32_t>{5, -2})))),
            expected);
  EXPECT_EQ(read_npy_integers(folder.write(
                "b.npy", npy_file("|i1", "(2,)", bytes_of(std::vector<int8_t>{5, -2})))),
            expected);
  EXPECT_EQ(read_npy_integers(folder.write("c.npy", npy_file("|u1", "(1,)", "\xff"))),
            (std::vector<int64_t>{255}));
  EXPECT_THROW(
      read_npy_integers(folder.write("d.npy", npy_file("<u8", "(1,)", std::string(8, '\xff')))),
      Error);
  EXPECT_THROW(
      read_npy_integers(folder.write("e.npy", npy_file("<f4", "(1,)", std::string(4, '\0')))),
      Error);
  EXPECT_THROW(
      read_npy_integers(folder.write("f.npy", npy_file("<i8", "(2,)", std::string(8, '\0')))),
      Error);
}

}  // namespace querist::formats
