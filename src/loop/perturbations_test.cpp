// How much each perturbation changes: counted from outside, for every severity.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <map>
#include <sstream>

#include "base/error.h"
#include "featurizers/pixels/decode.h"
#include "loop/perturbations/perturbation.h"

namespace querist::loop {

static const Perturbation& named(const std::vector<Perturbation>& all, std::string_view name) {
  return *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
}

static size_t share_of(size_t n, double share) {
  return static_cast<size_t>(std::llround(share * static_cast<double>(n)));
}

static std::string some_text(Rng& rng, size_t words) {
  std::string text;
  for (size_t w = 0; w < words; ++w) {
    if (w > 0) text += ' ';
    for (uint64_t k = 0; k <= rng.below(7); ++k)
      text += static_cast<char>((rng.below(4) == 0 ? 'A' : 'a') + static_cast<char>(rng.below(26)));
  }
  return text;
}

static std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

// Edits that make a into b: insert, drop, replace, or swap neighbours (Damerau 1964), as optimal
// string alignment counts them.
static size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

TEST(Perturbations, EveryCurveBeginsAtNothingAndGetsWorse) {
  Payload row;
  row.cells = {"1", "a"};
  const std::vector<Payload> sample = {row, row, {.cells = {"2", "b"}}, {.cells = {"3", "b"}}};
  for (const auto kind :
       {PayloadKind::text, PayloadKind::columns, PayloadKind::image, PayloadKind::embedding}) {
    for (const Perturbation& one : perturbations_of(kind, sample)) {
      EXPECT_EQ(one.amounts[0], 0) << one.name;
      EXPECT_TRUE(std::is_sorted(one.amounts.begin(), one.amounts.end())) << one.name;
      EXPECT_FALSE(one.summary.empty() || one.unit.empty()) << one.name;
    }
  }
  EXPECT_EQ(table_perturbations(sample).size(), 4u);
}

TEST(Typos, AreAsManyEditsAsTheShareSays) {
  const auto all = text_perturbations();
  const Perturbation& typos = named(all, "typos");
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    const std::string text = some_text(rng, 1 + rng.below(12));
    const auto letters = static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return c != ' '; }));
    for (const double amount : typos.amounts) {
      Payload payload{.text = text};
      Rng draw(seed + 100);
      typos.apply(payload, amount, draw);
      const size_t wanted = share_of(letters, amount);
      const size_t made = edits(text, payload.text);
      // A swap of two equal letters is none; one of a letter and one inserted beside it may cost
      // the count two.
      EXPECT_LE(made, 2 * wanted);
      EXPECT_GE(made + 2, wanted / 2);
      if (wanted == 0) {
        EXPECT_EQ(payload.text, text);
      }
      Payload again{.text = text};
      Rng same(seed + 100);
      typos.apply(again, amount, same);
      EXPECT_EQ(again.text, payload.text);
    }
  }
}

TEST(Typos, LeaveCharactersOfOtherScriptsWhole) {
  const auto all = text_perturbations();
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Payload payload{.text = "größer Übung 日本語 текст"};
    Rng rng(seed);
    named(all, "typos").apply(payload, 0.5, rng);
    Payload copy = payload;
    // Every byte that goes on a character follows one that begins it: what UTF-8 asks.
    size_t open = 0;
    for (const char byte : copy.text) {
      const auto b = static_cast<unsigned char>(byte);
      if ((b & 0xc0) == 0x80) {
        ASSERT_GT(open, 0u);
        --open;
      } else {
        ASSERT_EQ(open, 0u);
        open = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : b >= 0xc0 ? 1 : 0;
      }
    }
    ASSERT_EQ(open, 0u);
  }
}

TEST(TextPerturbations, ChangeAsManyLettersWordsAndGapsAsTheShareSays) {
  const auto all = text_perturbations();
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    const std::string text = some_text(rng, 1 + rng.below(15));
    const size_t words = words_of(text).size();
    const auto letters = static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return c != ' '; }));
    for (const double amount : {0.1, 0.3, 0.5, 1.0}) {
      Payload flipped{.text = text};
      named(all, "case").apply(flipped, amount, rng);
      size_t differ = 0;
      for (size_t i = 0; i < text.size(); ++i) {
        differ += flipped.text[i] != text[i];
        EXPECT_EQ(std::tolower(flipped.text[i]), std::tolower(text[i]));
      }
      EXPECT_EQ(differ, share_of(letters, amount));

      Payload shorter{.text = text};
      named(all, "dropped_words").apply(shorter, amount, rng);
      EXPECT_EQ(words_of(shorter.text).size(),
                std::max<size_t>(1, words - share_of(words, amount)));

      Payload spaced{.text = text};
      named(all, "whitespace").apply(spaced, amount, rng);
      const auto left = words_of(spaced.text).size();  // A gap less joins two words.
      const auto spaces = [](const std::string& t) { return std::count(t.begin(), t.end(), ' '); };
      const size_t removed = words - left;
      const size_t doubled = static_cast<size_t>(spaces(spaced.text) - spaces(text)) + removed;
      EXPECT_EQ(removed + doubled, share_of(words - 1, amount));
    }
  }
}

static Payload row_of(double number, const char* category, const char* text) {
  Payload payload;
  payload.cells = {fmt::format("{}", number), category, text, ""};
  return payload;
}

TEST(TablePerturbations, ChangeTheColumnsTheyAreMeantFor) {
  std::vector<Payload> sample;
  for (int i = 0; i < 40; ++i)
    sample.push_back(row_of(i,
                            i % 3 == 0   ? "red"
                            : i % 3 == 1 ? "green"
                                         : "blue",
                            fmt::format("remark {}", i).c_str()));
  const auto all = table_perturbations(sample);
  Rng rng(1);
  Payload scaled = sample[10];
  named(all, "scale").apply(scaled, 0.25, rng);
  EXPECT_EQ(scaled.cells, (std::vector<std::string>{"12.5", "green", "remark 10", ""}));
  // The deviation of 0 … 39 is sqrt((40² - 1) / 12); a mean of 4,000 normal squares is within 10 %.
  double squares = 0;
  for (int i = 0; i < 4000; ++i) {
    Payload noisy = sample[10];
    named(all, "noise").apply(noisy, 0.5, rng);
    squares += std::pow(std::stod(noisy.cells[0]) - 10, 2) / 4000;
    EXPECT_EQ(noisy.cells[1], "green");
  }
  const double expected = 0.25 * (1600 - 1) / 12.0;
  EXPECT_NEAR(squares, expected, 0.1 * expected);
  std::map<std::string, int> drawn;
  for (int i = 0; i < 200; ++i) {
    Payload swapped = sample[10];
    named(all, "swapped_categories").apply(swapped, 1, rng);
    ++drawn[swapped.cells[1]];
    EXPECT_EQ(swapped.cells[2], "remark 10");
  }
  EXPECT_EQ(drawn.count("green"), 0u);
  EXPECT_GT(drawn["red"], 60);
  EXPECT_GT(drawn["blue"], 60);
  for (const double amount : {0.1, 0.34, 0.5, 1.0}) {
    Payload dropped = sample[10];
    named(all, "dropped_fields").apply(dropped, amount, rng);
    const auto empty = std::count(dropped.cells.begin(), dropped.cells.end(), "");
    EXPECT_EQ(static_cast<size_t>(empty), 1 + share_of(3, amount));  // One was empty already.
  }
}

TEST(EmbeddingPerturbations, DropSomeNumbersAndAddNoiseOfTheirSize) {
  const auto all = embedding_perturbations();
  Payload payload;
  Rng rng(2);
  for (int i = 0; i < 2000; ++i) payload.embedding.push_back(3 + static_cast<float>(rng.normal()));
  Payload dropped = payload;
  named(all, "dropout").apply(dropped, 0.3, rng);
  EXPECT_EQ(std::count(dropped.embedding.begin(), dropped.embedding.end(), 0.0f), 600);
  Payload noisy = payload;
  named(all, "noise").apply(noisy, 0.5, rng);
  double own = 0;
  double noise = 0;
  for (size_t i = 0; i < 2000; ++i) {
    own += std::pow(double{payload.embedding[i]}, 2);
    noise += std::pow(double{noisy.embedding[i]} - double{payload.embedding[i]}, 2);
  }
  EXPECT_NEAR(std::sqrt(noise / own), 0.5, 0.05);
}

static Payload image_of(size_t side, const std::function<uint8_t(size_t, size_t)>& value) {
  featurizers::Image image{side, side, {}};
  for (size_t y = 0; y < side; ++y) {
    for (size_t x = 0; x < side; ++x) image.rgb.insert(image.rgb.end(), 3, value(x, y));
  }
  Payload payload;
  payload.image = featurizers::encode_png(image);
  return payload;
}

static featurizers::Image pixels(const Payload& payload) {
  featurizers::Image image;
  EXPECT_EQ(featurizers::decode_image(payload.image, SIZE_MAX, image), "");
  return image;
}

TEST(ImagePerturbations, DoToPixelsWhatTheySay) {
  const auto all = image_perturbations();
  Rng rng(3);
  const auto ramp = [](size_t x, size_t y) { return static_cast<uint8_t>(10 * x + 3 * y); };
  Payload lighter = image_of(20, ramp);
  named(all, "brightness").apply(lighter, 30, rng);
  const auto light = pixels(lighter);
  for (size_t i = 0; i < 400; ++i)
    EXPECT_EQ(light.rgb[3 * i], std::min(255, ramp(i % 20, i / 20) + 30));
  // Of a straight ramp the mean over a square is the pixel itself, away from the edge.
  Payload blurred = image_of(20, ramp);
  named(all, "blur").apply(blurred, 0.1, rng);
  EXPECT_EQ(pixels(blurred).rgb[3 * (10 * 20 + 9)], ramp(9, 10));
  EXPECT_NE(pixels(blurred).rgb[0], ramp(0, 0));
  Payload moved = image_of(20, [](size_t x, size_t y) { return x == 10 && y == 10 ? 200 : 0; });
  named(all, "shift").apply(moved, 0.15, rng);
  const auto image = pixels(moved);
  size_t bright = 0;
  for (const size_t x : {7, 13}) {
    for (const size_t y : {7, 13}) bright += image.rgb[3 * (y * 20 + x)] == 200;
  }
  EXPECT_EQ(bright, 1u);
  Payload noisy = image_of(40, [](size_t, size_t) { return uint8_t{128}; });
  named(all, "noise").apply(noisy, 16, rng);
  const auto grains = pixels(noisy);
  double squares = 0;
  for (size_t i = 0; i < 1600; ++i) squares += std::pow(grains.rgb[3 * i] - 128.0, 2) / 1600;
  EXPECT_NEAR(std::sqrt(squares), 16, 1.5);
}

}  // namespace querist::loop
