// What every registered format must do: be found by its files, resume anywhere, and survive cut and
// damaged files.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/rng.h"
#include "formats/format/collected.h"
#include "formats/format/packed.h"
#include "formats/npy.h"
#include "read_anything.h"

namespace querist::formats {

// A sample of a format: what to import, and the file in it that gets damaged.
struct Sample {
  std::filesystem::path path;
  std::filesystem::path file;
  size_t tells_from = SIZE_MAX;  // A cut at this length or later must be noticed.
};

static std::string table(char delimiter) {
  std::string text = fmt::format("id{0}text{0}label\n", delimiter);
  for (int i = 0; i < 12; ++i)
    text += fmt::format("{1}{0}\"say \"\"{1}\"\" é\"{0}{2}\n", delimiter, i, i % 3);
  return text;
}

static std::string objects(bool array) {
  std::string text = array ? "[" : "";
  for (int i = 0; i < 12; ++i) {
    if (i > 0 && array) text += ",";
    text += fmt::format(
        R"({{"id": {0}, "text": "say \"{0}\" é", "label": "l{0}", "other": [1, {{"x": null}}]}})",
        i);
    text += "\n";
  }
  return text + (array ? "]" : "");
}

static std::string idx_file(size_t count) {
  std::string bytes("\0\0\x08\x03\0\0\0\0\0\0\0\x02\0\0\0\x02", 16);
  bytes[7] = static_cast<char>(count);
  for (size_t i = 0; i < count * 4; ++i) bytes += static_cast<char>(i * 3);
  return bytes;
}

static std::vector<PackedEntry> pixels() {
  std::vector<PackedEntry> entries;
  for (int i = 0; i < 6; ++i) entries.push_back({fmt::format("l{}/{}.pgm", i % 2, i), pixel(i)});
  return entries;
}

static std::vector<Sample> samples_of(std::string_view format, const TestFolder& folder) {
  const auto one = [&](const char* name, const std::string& bytes, size_t tells_from = SIZE_MAX) {
    const auto path = folder.write(name, bytes);
    return Sample{path, path, tells_from};
  };
  if (format == "csv") {
    return {one("a.csv", table(',')), one("b.csv.gz", packed(table(','), Packing::gzip), 4),
            one("c.txt", table(';'))};
  }
  if (format == "tsv")
    return {one("a.tsv", table('\t')), one("b.tsv.zst", packed(table('\t'), Packing::zstd), 4)};
  if (format == "jsonl") {
    return {one("a.jsonl", objects(false)), one("b.json", objects(true), 0),
            one("c.jsonl.zst", packed(objects(false), Packing::zstd), 4)};
  }
  if (format == "npy") {
    Matrix matrix(12, 3);
    for (size_t i = 0; i < matrix.values.size(); ++i) matrix.values[i] = static_cast<float>(i);
    write_npy(folder.path() / "a.npy", matrix);
    return {{folder.path() / "a.npy", folder.path() / "a.npy", 0}};
  }
  if (format == "idx") {
    return {one("a-images-idx3-ubyte", idx_file(12), 0),
            one("b-images-idx3-ubyte.gz", packed(idx_file(12), Packing::gzip), 4)};
  }
  if (format == "archive") {
    return {one("a.zip", packed(pixels(), Container::zip, Packing::none)),
            one("b.tar", packed(pixels(), Container::tar, Packing::none)),
            one("c.tar.gz", packed(pixels(), Container::tar, Packing::gzip)),
            one("d.tar.zst", packed(pixels(), Container::tar, Packing::zstd))};
  }
  if (format == "image_folder") {
    for (const PackedEntry& entry : pixels()) folder.write("images/" + entry.name, entry.bytes);
    return {{folder.path() / "images", folder.path() / "images/l0/2.pgm", SIZE_MAX}};
  }
  ADD_FAILURE() << "add a sample of the format " << format << " here";
  return {};
}

class Formats : public testing::TestWithParam<std::string> {
 protected:
  const Format& format() const { return find(GetParam()); }
  std::vector<Sample> samples() const { return samples_of(GetParam(), folder_); }
  Collected read_sample(const Sample& sample, int64_t skip_rows = 0) const {
    const Progress silent;
    return collect([&](const Receiver& receiver) {
      format().read(sample.path, {}, skip_rows, receiver, silent);
    });
  }

  TestFolder folder_;
};

static bool same(const NewExample& a, const NewExample& b) {
  return a.external_id == b.external_id && a.payload.text == b.payload.text &&
         a.payload.cells == b.payload.cells && a.payload.image == b.payload.image &&
         a.payload.embedding == b.payload.embedding && a.label == b.label && a.split == b.split &&
         a.meta == b.meta;
}

TEST_P(Formats, IsNamedAfterItsFileAndSaysWhatItReads) {
  const auto source =
      std::filesystem::path(QUERIST_SOURCE_DIR) / "src/formats" / (GetParam() + ".cpp");
  EXPECT_TRUE(std::filesystem::exists(source)) << source;
  EXPECT_FALSE(format().summary.empty());
  EXPECT_TRUE(format().recognises && format().read);
}

TEST_P(Formats, IsDetectedByItsOwnFiles) {
  for (const Sample& sample : samples())
    EXPECT_EQ(detect(sample.path).name, GetParam()) << sample.path;
}

TEST_P(Formats, GivesTheSameRowsFromWhereverItResumes) {
  for (const Sample& sample : samples()) {
    const Collected whole = read_sample(sample);
    ASSERT_FALSE(whole.error) << whole.error->what();
    ASSERT_GE(whole.examples.size(), 6u);
    const auto rows = static_cast<int64_t>(whole.examples.size());
    for (int64_t skip = 0; skip <= rows + 1; ++skip) {
      const Collected tail = read_sample(sample, skip);
      ASSERT_FALSE(tail.error);
      ASSERT_EQ(static_cast<int64_t>(tail.examples.size()), std::max<int64_t>(0, rows - skip))
          << sample.path;
      for (size_t i = 0; i < tail.examples.size(); ++i) {
        const auto& [row, example] = whole.examples[i + static_cast<size_t>(skip)];
        EXPECT_EQ(tail.examples[i].first, row);
        EXPECT_TRUE(same(tail.examples[i].second, example));
      }
    }
  }
}

TEST_P(Formats, KeepsTheRowsBeforeACutAnywhere) {
  for (const Sample& sample : samples()) {
    const Collected whole = read_sample(sample);
    const std::string bytes = read_file(sample.file);
    for (size_t length = 0; length < bytes.size(); ++length) {
      replace_file(sample.file, std::string_view(bytes).substr(0, length));
      const Collected cut = read_sample(sample);
      ASSERT_LE(cut.examples.size(), whole.examples.size());
      // The last row may itself be cut, where the format cannot tell.
      for (size_t i = 0; i + 1 < cut.examples.size() && !std::filesystem::is_directory(sample.path);
           ++i) {
        ASSERT_TRUE(same(cut.examples[i].second, whole.examples[i].second))
            << sample.path << " cut to " << length;
      }
      if (length >= sample.tells_from) {
        ASSERT_TRUE(cut.error || !cut.problems.empty()) << sample.path << " cut to " << length;
      }
    }
    replace_file(sample.file, bytes);
  }
}

TEST_P(Formats, SurvivesDamagedBytes) {
  Rng rng(11);
  for (const Sample& sample : samples()) {
    const std::string bytes = read_file(sample.file);
    for (int round = 0; round < 300; ++round) {
      std::string damaged = bytes;
      for (uint64_t flips = 1 + rng.below(8); flips > 0; --flips) {
        damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
      }
      if (std::filesystem::is_directory(sample.path)) {
        replace_file(sample.file, damaged);
        const Collected got = read_sample(sample);
        EXPECT_EQ(got.examples.size() + got.problems.size(), pixels().size());
      } else {
        const Survived survived = read_anything(format(), sample.file, damaged);
        EXPECT_TRUE(survived.refused || survived.examples + survived.problems > 0)
            << "rows vanished without a word: " << testing::PrintToString(damaged);
      }
    }
  }
}

static std::vector<std::string> names() {
  std::vector<std::string> all_names;
  for (const Format& format : all()) all_names.emplace_back(format.name);
  return all_names;
}

INSTANTIATE_TEST_SUITE_P(Registry, Formats, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

TEST(FormatRegistry, RefusesFilesOfNoFormatByNamingThoseThereAre) {
  const TestFolder folder;
  for (const std::string& bytes : {std::string("\x7f"
                                               "ELF\0\1\2",
                                               7),
                                   std::string("one line of prose"), std::string()}) {
    try {
      detect(folder.write("mystery", bytes));
      FAIL() << "detected a format";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("jsonl"), std::string::npos);
    }
  }
  try {
    detect(folder.path() / "absent.csv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
  }
}

TEST(FormatRegistry, ReadsBytesWhereTheFormatNeedsNoFile) {
  EXPECT_EQ(collect_bytes("csv", table(',')).examples.size(), 12u);
  EXPECT_EQ(collect_bytes("tsv", table('\t')).examples.size(), 12u);
  EXPECT_EQ(collect_bytes("jsonl", objects(true)).examples.size(), 12u);
  const Collected refused = collect_bytes("npy", "x");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code(), Code::invalid_argument);
  EXPECT_EQ(collect_bytes("parquette", "x").error->code(), Code::not_found);
}

}  // namespace querist::formats
