// Archives of images, well-meant and hostile.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "formats/format/collected.h"
#include "formats/format/packed.h"

namespace querist::formats {

static const std::vector<PackedEntry> two_labels = {{"set/", "", AE_IFDIR},
                                                    {"set/cat/1.pgm", pixel(1)},
                                                    {"set/dog/2.pgm", pixel(2)},
                                                    {"__MACOSX/set/._1.pgm", "x"}};

TEST(Archive, ReadsZipAndTarHoweverPacked) {
  const TestFolder folder;
  const std::vector<std::filesystem::path> paths = {
      folder.write("a.zip", packed(two_labels, Container::zip, Packing::none)),
      folder.write("a.tar", packed(two_labels, Container::tar, Packing::none)),
      folder.write("a.tar.gz", packed(two_labels, Container::tar, Packing::gzip)),
      folder.write("a.tgz", packed(two_labels, Container::tar, Packing::gzip)),
      folder.write("a.tar.zst", packed(two_labels, Container::tar, Packing::zstd))};
  for (const auto& path : paths) {
    EXPECT_EQ(detect(path).name, "archive");
    const auto got = collect_file(path);
    EXPECT_FALSE(got.error) << path;
    ASSERT_EQ(got.examples.size(), 2u) << path;
    EXPECT_EQ(got.examples[0].second.payload.image, pixel(1));
    EXPECT_EQ(got.examples[0].second.label, "cat");
    EXPECT_EQ(got.examples[1].second.label, "dog");
    EXPECT_EQ(got.examples[1].second.meta, R"({"file":"set/dog/2.pgm"})");
    EXPECT_TRUE(got.problems.empty());
    const auto tail = collect_file(path, {}, 1);
    ASSERT_EQ(tail.examples.size(), 1u);
    EXPECT_EQ(tail.examples[0].first, 2);
  }
}

TEST(Archive, ReportsPathsThatLeadOutsideLinksAndWhatIsNoImage) {
  const TestFolder folder;
  const std::vector<PackedEntry> entries = {
      {"../up.pgm", pixel(1)},     {"/etc/passwd", pixel(1)},
      {"a/../../b.pgm", pixel(1)}, {"link.pgm", "/etc/passwd", AE_IFLNK},
      {"C:\\x\\y.pgm", pixel(1)},  {"a/notes.txt", "plain notes"},
      {"a/empty.png", ""},         {"bad\xff.pgm", pixel(1)},
      {"a/good.pgm", pixel(5)},    {"..\\..\\up.pgm", pixel(1)}};
  for (const Container container : {Container::tar, Container::zip}) {
    const auto got = collect_file(folder.write(container == Container::tar ? "x.tar" : "x.zip",
                                               packed(entries, container, Packing::none)));
    EXPECT_FALSE(got.error);
    ASSERT_EQ(got.examples.size(), 1u);
    EXPECT_EQ(got.examples[0].first, 9);
    EXPECT_EQ(got.examples[0].second.payload.image, pixel(5));
    ASSERT_EQ(got.problems.size(), 9u);
    const char* const reasons[] = {"outside", "absolute", "outside", "link",   "absolute",
                                   "no JPEG", "no JPEG",  "UTF-8",   "outside"};
    for (size_t i = 0; i < 9; ++i) {
      EXPECT_NE(got.problems[i].reason.find(reasons[i]), std::string::npos)
          << got.problems[i].reason;
    }
  }
}

TEST(Archive, PassesOverAnEntryOverTheLimit) {
  const TestFolder folder;
  const std::string large = "P5\n9 9\n255\n" + std::string(limits::max_archive_entry_bytes, 'x');
  const auto path =
      folder.write("x.zip", packed({{"a.pgm", pixel(1)}, {"b.pgm", large}, {"c.pgm", pixel(2)}},
                                   Container::stored_zip, Packing::none));
  const auto got = collect_file(path);
  EXPECT_FALSE(got.error);
  EXPECT_EQ(got.examples.size(), 2u);
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_EQ(got.problems[0].reason, "b.pgm: it is larger than 64 MiB");
}

TEST(Archive, StopsBombsWhetherTheyPoseAsImagesOrNot) {
  const TestFolder folder;
  const std::string zeros(100'000'000, '\0');
  for (const std::string& head : {std::string("P5\n9 9\n255\n"), std::string("notes")}) {
    const std::vector<PackedEntry> entries = {{"a.pgm", pixel(1)}, {"b.pgm", head + zeros}};
    for (const auto& path :
         {folder.write("x.tar.zst", packed(entries, Container::tar, Packing::zstd)),
          folder.write("x.zip", packed(entries, Container::zip, Packing::none))}) {
      const auto got = collect_file(path);
      EXPECT_EQ(got.examples.size(), 1u) << path;
      ASSERT_TRUE(got.error) << path;
      EXPECT_EQ(got.error->code(), Code::resource_exhausted);
      EXPECT_NE(std::string(got.error->what()).find("bomb"), std::string::npos);
    }
  }
}

TEST(Archive, KeepsTheRowsBeforeTheCut) {
  const TestFolder folder;
  std::vector<PackedEntry> entries;
  for (int i = 0; i < 50; ++i)
    entries.push_back({fmt::format("{}.pgm", i), pixel(i) + std::string(500, 'x')});
  const std::string whole = packed(entries, Container::zip, Packing::none);
  const auto got =
      collect_file(folder.write("x.zip", std::string_view(whole).substr(0, whole.size() / 3)));
  EXPECT_TRUE(got.error || !got.problems.empty());
  EXPECT_GT(got.examples.size(), 5u);
  for (size_t i = 0; i < got.examples.size(); ++i) {
    EXPECT_EQ(got.examples[i].second.payload.image, entries[i].bytes);
  }
}

}  // namespace querist::formats
