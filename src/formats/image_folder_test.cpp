// Folders of images, flat and by label.
#include <gtest/gtest.h>

#include "formats/format/collected.h"
#include "formats/format/packed.h"

namespace querist::formats {

TEST(ImageFolder, TakesLabelsFromSubFoldersInAFixedOrder) {
  const TestFolder folder;
  folder.write("dog/1.pgm", pixel(1));
  folder.write("cat/2.pgm", pixel(2));
  folder.write("cat/10.jpg", "\xff\xd8\xff\xe0 rest");
  folder.write("cat/.DS_Store", "x");
  folder.write("test/dog/3.png", "\x89PNG\r\n\x1a\n rest");
  const auto got = collect_file(folder.path());
  EXPECT_FALSE(got.error);
  ASSERT_EQ(got.examples.size(), 4u);
  EXPECT_EQ(got.layout->payload, PayloadKind::image);
  EXPECT_EQ(got.examples[0].second.meta, R"({"file":"cat/10.jpg"})");
  EXPECT_EQ(got.examples[0].second.label, "cat");
  EXPECT_EQ(got.examples[1].second.payload.image, pixel(2));
  EXPECT_EQ(got.examples[2].second.label, "dog");
  EXPECT_EQ(got.examples[3].second.label, "dog");
  EXPECT_EQ(got.examples[3].second.split, "test");
  EXPECT_TRUE(got.problems.empty());
}

TEST(ImageFolder, ReadsAFlatFolderWithoutLabels) {
  const TestFolder folder;
  folder.write("a.pgm", pixel(1));
  folder.write("b.pgm", pixel(2));
  const auto got = collect_file(folder.path());
  ASSERT_EQ(got.examples.size(), 2u);
  EXPECT_EQ(got.examples[0].second.label, std::nullopt);
}

TEST(ImageFolder, ReportsFilesThatAreNoImagesAndLinksThatLeadOutside) {
  const TestFolder outer;
  outer.write("secret.pgm", pixel(9));
  outer.write("set/a.pgm", pixel(1));
  outer.write("set/b.txt", "notes");
  outer.write("set/c.png", "");
  std::filesystem::create_symlink(outer.path() / "secret.pgm", outer.path() / "set" / "d.pgm");
  std::filesystem::create_directory_symlink(outer.path(), outer.path() / "set" / "loop");
  const auto got = collect_file(outer.path() / "set");
  EXPECT_EQ(got.examples.size(), 1u);
  ASSERT_EQ(got.problems.size(), 3u);
  EXPECT_EQ(got.problems[0].reason, "b.txt is no JPEG, PNG, PGM or PPM image");
  EXPECT_EQ(got.problems[2].reason, "the link d.pgm leads outside its folder");
}

TEST(ImageFolder, RefusesAnEmptyFolder) {
  const TestFolder folder;
  const auto got = collect_file(folder.path());
  ASSERT_TRUE(got.error);
  EXPECT_NE(std::string(got.error->what()).find("holds no files"), std::string::npos);
}

}  // namespace querist::formats
