// Feature files: what goes in comes out, and no crash or damage goes unnoticed.
#include "storage/feature_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "base/rng.h"
#include "storage/temporary_folder.h"

namespace querist::storage {

static Matrix random_matrix(size_t rows, size_t cols, uint64_t seed) {
  Rng rng(seed);
  Matrix matrix(rows, cols);
  for (float& value : matrix.values) value = static_cast<float>(rng.normal());
  return matrix;
}

static Csr random_csr(size_t rows, size_t cols, uint64_t seed) {
  Rng rng(seed);
  Csr csr;
  csr.cols = cols;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      if (rng.uniform() > 0.1) continue;
      csr.columns.push_back(static_cast<int32_t>(j));
      csr.values.push_back(static_cast<float>(rng.normal()));
    }
    csr.offsets.push_back(static_cast<int64_t>(csr.columns.size()));
  }
  return csr;
}

static std::vector<int64_t> all_rows(size_t rows) {
  std::vector<int64_t> order(rows);
  for (size_t i = 0; i < rows; ++i) order[i] = static_cast<int64_t>(i);
  return order;
}

static void expect_same(const Features& got, const Features& wanted) {
  ASSERT_EQ(got.rows, wanted.rows);
  const auto order = all_rows(wanted.rows);
  if (wanted.kind == Features::Kind::sparse) {
    const Csr a = sparse_rows(got, order), b = sparse_rows(wanted, order);
    EXPECT_EQ(a.offsets, b.offsets);
    EXPECT_EQ(a.columns, b.columns);
    EXPECT_EQ(a.values, b.values);
  } else {
    EXPECT_EQ(dense_rows(got, order).values, dense_rows(wanted, order).values);
  }
}

static Features slice(const Matrix& m, size_t begin, size_t end) {
  return MatrixView(end - begin, m.cols, m.values.data() + begin * m.cols);
}

static Features slice(const Csr& m, size_t begin, size_t end) {
  return CsrView(end - begin, m.cols, m.offsets.data() + begin, m.columns.data(), m.values.data());
}

TEST(FeatureFiles, GiveBackDenseRowsAndGeometryAcrossAppendsAndOpenings) {
  const TemporaryFolder folder;
  const FeatureShape shape{.cols = 7, .geometry_cols = 3, .geometry_half = true, .tag = "t"};
  const Matrix features = random_matrix(50, 7, 1), geometry = random_matrix(50, 3, 2);
  {
    FeatureFiles files(folder.path() / "f", shape);
    EXPECT_EQ(files.view().rows, 0u);
    for (const auto& [begin, end] : {std::pair<size_t, size_t>{0, 20}, {20, 21}, {21, 50}}) {
      const Features g = slice(geometry, begin, end);
      files.append(begin, slice(features, begin, end), &g);
    }
    expect_same(files.view().features, features);
  }
  FeatureFiles again(folder.path() / "f", shape);
  const FeatureView view = again.view();
  expect_same(view.features, features);
  const Matrix got = dense_rows(view.geometry, all_rows(50));
  for (size_t i = 0; i < got.values.size(); ++i) {
    EXPECT_EQ(got.values[i], half_to_float(float_to_half(geometry.values[i])));
  }
}

TEST(FeatureFiles, GiveBackSparseRowsAcrossAppendsAndOpenings) {
  const TemporaryFolder folder;
  const FeatureShape shape{.kind = Features::Kind::sparse, .cols = 40, .tag = "t"};
  const Csr features = random_csr(60, 40, 3);
  {
    FeatureFiles files(folder.path(), shape);
    expect_same(files.view().features, random_csr(0, 40, 0));
    files.append(0, slice(features, 0, 25), nullptr);
    files.append(25, slice(features, 25, 60), nullptr);
  }
  expect_same(FeatureFiles(folder.path(), shape).view().features, features);
}

TEST(FeatureFiles, ReplaceRowsThatWereGivenUp) {
  const TemporaryFolder folder;
  const FeatureShape shape{.kind = Features::Kind::sparse, .cols = 40, .tag = "t"};
  const Csr features = random_csr(60, 40, 4), others = random_csr(30, 40, 5);
  FeatureFiles files(folder.path(), shape);
  files.append(0, slice(features, 0, 10), nullptr);
  files.append(10, slice(others, 0, 30), nullptr);
  files.append(25, slice(features, 25, 30), nullptr);  // Cuts the second block through.
  files.append(10, slice(features, 10, 60), nullptr);
  expect_same(files.view().features, features);
  expect_same(FeatureFiles(folder.path(), shape).view().features, features);
  EXPECT_THROW(files.append(61, slice(features, 0, 1), nullptr), Error);
}

TEST(FeatureFiles, KeepOldViewsValidWhileTheyGrowAndAreRebuilt) {
  const TemporaryFolder folder;
  const FeatureShape shape{.cols = 5, .tag = "t"};
  const Matrix features = random_matrix(40, 5, 6);
  FeatureFiles files(folder.path(), shape);
  files.append(0, slice(features, 0, 10), nullptr);
  const FeatureView old = files.view();
  files.append(10, slice(features, 10, 40), nullptr);
  FeatureFiles::recreate(folder.path(), shape);
  FeatureFiles(folder.path(), shape).append(0, random_matrix(40, 5, 7), nullptr);
  expect_same(old.features, slice(features, 0, 10));
}

static Code code_on_opening(const std::filesystem::path& folder, const FeatureShape& shape) {
  try {
    FeatureFiles files(folder, shape);
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;
}

TEST(FeatureFiles, FindDamageOfEveryKind) {
  const FeatureShape shape{.cols = 16, .tag = "t"};
  const Matrix features = random_matrix(64, 16, 8);
  const auto made = [&](const std::filesystem::path& folder) {
    FeatureFiles files(folder, shape);
    files.append(0, slice(features, 0, 32), nullptr);
    files.append(32, slice(features, 32, 64), nullptr);
  };
  const auto flip = [](const std::filesystem::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(at);
    const char byte = static_cast<char>(stream.get());
    stream.seekp(at);
    stream.put(static_cast<char>(byte ^ 0x40));
  };
  {
    const TemporaryFolder folder;
    made(folder.path());
    flip(folder.path() / "features.bin", 70);
    EXPECT_EQ(code_on_opening(folder.path(), shape), Code::unavailable);
  }
  {
    const TemporaryFolder folder;
    made(folder.path());
    std::filesystem::resize_file(folder.path() / "features.bin", 64 * 16 * 4 - 1);
    EXPECT_EQ(code_on_opening(folder.path(), shape), Code::unavailable);
  }
  {
    const TemporaryFolder folder;
    made(folder.path());
    flip(folder.path() / "blocks.bin", 8);
    EXPECT_EQ(code_on_opening(folder.path(), shape), Code::unavailable);
  }
  {
    const TemporaryFolder folder;
    made(folder.path());
    std::filesystem::remove(folder.path() / "features.bin");
    EXPECT_EQ(code_on_opening(folder.path(), shape), Code::unavailable);
  }
  {
    const TemporaryFolder folder;
    made(folder.path());
    EXPECT_EQ(code_on_opening(folder.path(), {.cols = 16, .tag = "another"}), Code::conflict);
    FeatureFiles::recreate(folder.path(), shape);
    EXPECT_EQ(FeatureFiles(folder.path(), shape).rows(), 0u);
  }
}

TEST(FeatureFiles, TellWhenSomebodyElseTouchedThem) {
  const FeatureShape shape{.cols = 16, .tag = "t"};
  const Matrix features = random_matrix(64, 16, 9);
  using Path = std::filesystem::path;
  const std::function<void(const Path&)> harms[] = {
      [](const Path& file) { std::fstream(file, std::ios::in | std::ios::out) << "!"; },
      [](const Path& file) { std::filesystem::resize_file(file, 10); },
      [](const Path& file) { std::filesystem::remove(file); }};
  for (const char* name : {"features.bin", "blocks.bin", "header.json"}) {
    for (const auto& harm : harms) {
      const TemporaryFolder folder;
      FeatureFiles files(folder.path(), shape);
      EXPECT_FALSE(files.touched());
      files.append(0, slice(features, 0, 32), nullptr);
      files.append(16, slice(features, 16, 64), nullptr);
      EXPECT_FALSE(files.touched()) << "its own appends are no surprise";
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // Past the clock's last tick.
      harm(folder.path() / name);
      EXPECT_TRUE(files.touched()) << name;
    }
  }
}

TEST(FeatureFiles, ReadATornLastRecordAsNeverWritten) {
  const TemporaryFolder folder;
  const FeatureShape shape{.cols = 4, .tag = "t"};
  const Matrix features = random_matrix(20, 4, 9);
  {
    FeatureFiles files(folder.path(), shape);
    files.append(0, slice(features, 0, 10), nullptr);
    files.append(10, slice(features, 10, 20), nullptr);
  }
  const auto blocks = folder.path() / "blocks.bin";
  std::filesystem::resize_file(blocks, std::filesystem::file_size(blocks) - 5);
  FeatureFiles files(folder.path(), shape);
  EXPECT_EQ(files.rows(), 10u);
  files.append(10, slice(features, 10, 20), nullptr);
  expect_same(FeatureFiles(folder.path(), shape).view().features, features);
}

TEST(FeatureFiles, RefuseOtherShapesOfRows) {
  const TemporaryFolder folder;
  FeatureFiles files(folder.path(), {.cols = 4, .geometry_cols = 2, .tag = "t"});
  const Features geometry = random_matrix(3, 2, 1);
  EXPECT_THROW(files.append(0, random_matrix(3, 5, 1), &geometry), Error);
  EXPECT_THROW(files.append(0, random_matrix(3, 4, 1), nullptr), Error);
  EXPECT_THROW(files.append(0, random_matrix(2, 4, 1), &geometry), Error);
  EXPECT_THROW(files.append(0, random_csr(3, 4, 1), &geometry), Error);
  EXPECT_EQ(files.rows(), 0u);
}

// Dies at the point during the second append; the files must then hold exactly the first, or both.
TEST(FeatureFiles, SurviveAKillBetweenAnyTwoSteps) {
  const FeatureShape shape{.kind = Features::Kind::sparse, .cols = 30, .tag = "t"};
  const Csr features = random_csr(40, 30, 11);
  for (const char* point :
       {"features_part_written", "features_data_written", "features_record_written"}) {
    const TemporaryFolder folder;
    FeatureFiles(folder.path(), shape).append(0, slice(features, 0, 15), nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      FeatureFiles files(folder.path(), shape);
      ::setenv("QUERIST_STOP_AT", point, 1);
      files.append(15, slice(features, 15, 40), nullptr);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 137) << point;
    FeatureFiles files(folder.path(), shape);
    expect_same(files.view().features, slice(features, 0, files.rows()));
    ASSERT_TRUE(files.rows() == 15 || files.rows() == 40);
    files.append(files.rows(), slice(features, files.rows(), 40), nullptr);
    expect_same(FeatureFiles(folder.path(), shape).view().features, features);
  }
}

}  // namespace querist::storage
