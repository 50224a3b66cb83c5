// IDX images with and without their labels.
#include <gtest/gtest.h>

#include "formats/format/collected.h"
#include "formats/format/packed.h"

namespace querist::formats {

static std::string big_endian(size_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

static std::string idx_images(size_t count, size_t present) {
  std::string bytes =
      std::string("\0\0\x08\x03", 4) + big_endian(count) + big_endian(2) + big_endian(3);
  for (size_t i = 0; i < present * 6; ++i) bytes += static_cast<char>(i);
  return bytes;
}

static std::string idx_labels(size_t count) {
  std::string bytes = std::string("\0\0\x08\x01", 4) + big_endian(count);
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(i + 7);
  return bytes;
}

TEST(Idx, ReadsImagesAsPgmWithTheLabelsBesideThem) {
  const TestFolder folder;
  const auto path =
      folder.write("train-images-idx3-ubyte.gz", packed(idx_images(3, 3), Packing::gzip));
  folder.write("train-labels-idx1-ubyte", idx_labels(3));
  const auto got = collect_file(path);
  EXPECT_FALSE(got.error);
  ASSERT_EQ(got.examples.size(), 3u);
  EXPECT_EQ(got.examples[1].second.payload.image,
            std::string("P5\n3 2\n255\n") + "\x06\x07\x08\x09\x0a\x0b");
  EXPECT_EQ(got.examples[1].second.label, "8");
  EXPECT_EQ(got.examples[1].second.split, "train");
  const auto tail = collect_file(path, {}, 2);
  ASSERT_EQ(tail.examples.size(), 1u);
  EXPECT_EQ(tail.examples[0].first, 3);
  EXPECT_EQ(tail.examples[0].second.label, "9");
}

TEST(Idx, ReadsImagesWithoutLabels) {
  const TestFolder folder;
  const auto got = collect_file(folder.write("t10k-images.idx3-ubyte", idx_images(2, 2)));
  ASSERT_EQ(got.examples.size(), 2u);
  EXPECT_EQ(got.examples[0].second.label, std::nullopt);
  EXPECT_EQ(got.examples[0].second.split, "test");
}

TEST(Idx, ReportsTheRowWhereTheFileIsCut) {
  const TestFolder folder;
  const auto got = collect_file(folder.write("images-idx3-ubyte", idx_images(5, 2)));
  EXPECT_FALSE(got.error);
  EXPECT_EQ(got.examples.size(), 2u);
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_EQ(got.problems[0].row, 3);
  EXPECT_NE(got.problems[0].reason.find("promises 5"), std::string::npos);
}

TEST(Idx, RefusesLabelsOfAnotherCountAndFilesThatAreNoImages) {
  const TestFolder folder;
  const auto images = folder.write("x-images-idx3-ubyte", idx_images(3, 3));
  const auto labels = folder.write("x-labels-idx1-ubyte", idx_labels(2));
  const auto count = collect_file(images);
  ASSERT_TRUE(count.error);
  EXPECT_NE(std::string(count.error->what()).find("2 labels for 3 images"), std::string::npos);
  const auto alone = collect_file(labels);
  ASSERT_TRUE(alone.error);
  EXPECT_NE(std::string(alone.error->what()).find("import the images"), std::string::npos);
  const std::string huge =
      std::string("\0\0\x08\x03", 4) + big_endian(1) + big_endian(4000000000u) + big_endian(3);
  const auto large = collect_file(folder.write("huge-idx3-ubyte", huge));
  ASSERT_TRUE(large.error);
  EXPECT_NE(std::string(large.error->what()).find("pixels"), std::string::npos);
}

}  // namespace querist::formats
