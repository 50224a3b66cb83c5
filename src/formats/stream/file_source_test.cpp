// Packed files: several members, damage, bombs.
#include "formats/stream/file_source.h"

#include <gtest/gtest.h>

#include "formats/format/collected.h"
#include "formats/format/packed.h"
#include "formats/npy/header.h"

namespace querist::formats {

static std::string whole(const std::filesystem::path& path) {
  const Progress silent;
  const ByteSource bytes = open_file(path, silent);
  std::string out(1 << 22, '\0');
  out.resize(read_fully(bytes, out.data(), out.size()));
  return out;
}

static std::string numbers() {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += fmt::format("{}\n", i);
  return text;
}

TEST(OpenFile, UnpacksGzipAndZstandardByTheirFirstBytes) {
  const TestFolder folder;
  const std::string text = numbers();
  EXPECT_EQ(whole(folder.write("plain", text)), text);
  for (const Packing packing : {Packing::gzip, Packing::zstd}) {
    EXPECT_EQ(whole(folder.write("one", packed(text, packing))), text);
    EXPECT_EQ(whole(folder.write("two", packed("first,", packing) + packed("second", packing))),
              "first,second");
    EXPECT_EQ(whole(folder.write("none", packed("", packing))), "");
  }
}

TEST(OpenFile, GivesWhatComesBeforeTheDamage) {
  const TestFolder folder;
  const std::string text = numbers();
  for (const Packing packing : {Packing::gzip, Packing::zstd}) {
    const std::string all = packed(text, packing);
    const Progress silent;
    const ByteSource bytes =
        open_file(folder.write("cut", std::string_view(all).substr(0, all.size() * 3 / 4)), silent);
    std::string got;
    char buffer[4096];
    try {
      while (const size_t count = bytes(buffer, sizeof buffer)) got.append(buffer, count);
      FAIL() << "the damage went unnoticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("damaged or cut short"), std::string::npos);
    }
    EXPECT_GT(got.size(), text.size() / 4);
    EXPECT_EQ(text.compare(0, got.size(), got), 0);
  }
}

TEST(OpenFile, NoticesDamageByTheChecksum) {
  const TestFolder folder;
  std::string all = packed(numbers(), Packing::gzip);
  all[all.size() - 7] ^= 1;  // In the checksum itself.
  try {
    whole(folder.write("damaged", all));
    FAIL() << "the damage went unnoticed";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("checksum"), std::string::npos);
  }
}

TEST(OpenFile, StopsADecompressionBomb) {
  const TestFolder folder;
  const auto path =
      folder.write("bomb.csv.zst", packed("text\n" + std::string(100'000'000, 'x'), Packing::zstd));
  ASSERT_LT(std::filesystem::file_size(path), 90'000u);
  const auto got = collect_file(path);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code(), Code::resource_exhausted);
  EXPECT_NE(std::string(got.error->what()).find("bomb"), std::string::npos);
}

TEST(OpenFile, SaysWhatItCannotOpen) {
  const TestFolder folder;
  const Progress silent;
  EXPECT_THROW(open_file(folder.path(), silent), Error);
  try {
    open_file(folder.path() / "missing", silent);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
  }
}

}  // namespace querist::formats
