// TF-IDF against scikit-learn, its hashing against the plain hash, its letters against the tables
// of Unicode.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "featurizers/featurizer.h"
#include "featurizers/tfidf/model.h"
#include "featurizers/tfidf/ngrams.h"
#include "featurizers/tfidf/unicode.h"

namespace querist::featurizers {

static FitInput input_of(const std::vector<Payload>& payloads) {
  return {
      .payloads =
          [&payloads](const std::function<void(std::span<const Payload>)>& use) { use(payloads); },
      .columns = {}};
}

static Fitted fit_texts(const std::vector<Payload>& payloads,
                        const std::map<std::string, int>& settings = {}) {
  Params params(find("tfidf").params);
  for (const auto& [name, value] : settings) params.set(name, value);
  return find("tfidf").fit(input_of(payloads), params, 1, Progress());
}

static double inner_product(const Csr& rows, size_t a, size_t b) {
  double sum = 0;
  for (auto i = static_cast<size_t>(rows.offsets[a]); i < static_cast<size_t>(rows.offsets[a + 1]);
       ++i) {
    for (auto j = static_cast<size_t>(rows.offsets[b]);
         j < static_cast<size_t>(rows.offsets[b + 1]); ++j) {
      if (rows.columns[i] == rows.columns[j]) sum += double{rows.values[i]} * rows.values[j];
    }
  }
  return sum;
}

TEST(Tfidf, HasTheInnerProductsOfScikitLearn) {
  const Json golden = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/tfidf.json"));
  std::vector<Payload> payloads;
  for (const Json& text : golden["texts"]) payloads.push_back({.text = text});
  const std::map<std::string, std::map<std::string, int>> ways = {
      {"words", {{"char_max", 0}}}, {"characters", {{"word_ngrams", 0}}}, {"both", {}}};
  for (auto [way, settings] : ways) {
    settings["min_df"] = 1;
    settings["columns_log2"] = 22;
    const Fitted fitted = fit_texts(payloads, settings);
    // As many columns as scikit-learn: no two n-grams share one, so only rounding is left between
    // us.
    EXPECT_EQ(fitted.features, golden[way]["columns"].get<size_t>()) << way;
    const Csr rows = fitted.transform(payloads).sparse;
    for (size_t i = 0; i < payloads.size(); ++i) {
      for (size_t j = 0; j < payloads.size(); ++j) {
        EXPECT_NEAR(inner_product(rows, i, j), golden[way]["gram"][i][j].get<double>(), 1e-5)
            << way << ": " << payloads[i].text << " / " << payloads[j].text;
      }
    }
  }
}

TEST(Tfidf, HashesNgramsAsTheirStringsWouldHash) {
  NgramScratch scratch;
  const NgramSettings settings{.word_ngrams = 2, .char_min = 3, .char_max = 3, .columns_log2 = 20};
  hash_ngrams("Ünder 東x", settings, scratch);
  const auto half = uint64_t{1} << 19;
  std::vector<uint32_t> want;
  for (const char* gram : {"ünder", "ünder 東", "東", "東 x", "x"}) {
    want.push_back(static_cast<uint32_t>(fast_hash(gram, 1) & (half - 1)));
  }
  for (const char* gram : {" ün", "ünd", "nde", "der", "er ", " 東x", "東x "}) {
    want.push_back(static_cast<uint32_t>((fast_hash(gram, 2) & (half - 1)) | half));
  }
  std::sort(want.begin(), want.end());
  std::sort(scratch.numbers.begin(), scratch.numbers.end());
  EXPECT_EQ(scratch.numbers, want);
}

TEST(Tfidf, CountsAStretchShorterThanEveryNgramOnce) {
  NgramScratch scratch;
  hash_ngrams("a", {.word_ngrams = 0, .char_min = 5, .char_max = 7, .columns_log2 = 16}, scratch);
  EXPECT_EQ(scratch.numbers.size(), 1u);
}

TEST(Tfidf, ReadsAHugeTextUpToItsLimit) {
  const std::string text(3 * max_text_bytes, 'a');
  NgramScratch scratch;
  hash_ngrams(text, {.word_ngrams = 0, .char_min = 3, .char_max = 3}, scratch);
  EXPECT_EQ(scratch.numbers.size(), max_text_bytes);
}

TEST(Tfidf, DropsColumnsOfSingleTextsOnceThereAreEnoughTexts) {
  std::vector<Payload> payloads;
  for (int i = 0; i < 120; ++i)
    payloads.push_back({.text = "same " + std::to_string(i % 60) + " alone" + std::to_string(i)});
  const std::map<std::string, int> words = {{"char_max", 0}, {"word_ngrams", 1}};
  EXPECT_EQ(fit_texts(payloads, words).features, 61u);  // "same" and 60 numbers, twice each.
  payloads.resize(50);
  EXPECT_EQ(fit_texts(payloads, words).features, 101u);
}

TEST(Tfidf, GeometryTellsTopicsApart) {
  Rng rng(5);
  const std::vector<std::string> sea = {"ship", "sail", "harbour", "wave", "anchor", "captain"};
  const std::vector<std::string> food = {"bread", "butter", "oven", "recipe", "sugar", "flour"};
  std::vector<Payload> payloads;
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (int w = 0; w < 5; ++w) text += (i % 2 ? sea : food)[rng.below(6)] + " ";
    payloads.push_back({.text = text});
  }
  const Fitted fitted = fit_texts(payloads, {{"geometry_dimensions", 8}});
  EXPECT_EQ(fitted.geometry_features, 8u);
  const Matrix geometry = fitted.transform(payloads).geometry;
  double same = 0;
  double other = 0;
  for (size_t i = 0; i < 200; ++i) {
    for (size_t j = 0; j < i; ++j) {
      double dot = 0;
      for (size_t k = 0; k < 8; ++k) dot += geometry.at(i, k) * geometry.at(j, k);
      ((i + j) % 2 ? other : same) += dot;
    }
  }
  EXPECT_GT(same / 9900, 0.3);
  EXPECT_LT(std::abs(other / 10000), 0.1);
}

TEST(Tfidf, RefusesSettingsThatLeaveNothing) {
  const std::vector<Payload> payloads = {{.text = "a b"}};
  EXPECT_THROW(fit_texts(payloads, {{"word_ngrams", 0}, {"char_max", 0}}), Error);
  EXPECT_THROW(fit_texts(payloads, {{"char_min", 6}, {"char_max", 5}}), Error);
}

TEST(Tfidf, FitsOnNothingAndOnEmptyTexts) {
  EXPECT_EQ(fit_texts({}).features, 1u);
  const std::vector<Payload> empty(3);
  EXPECT_EQ(fit_texts(empty).transform(empty).sparse.values.size(), 0u);
}

static std::string lowered(std::string_view text) {
  std::vector<char32_t> letters;
  decode_lower(text, letters);
  std::string out;
  for (const char32_t c : letters) out += fmt::format("{:x} ", static_cast<uint32_t>(c));
  return out;
}

TEST(Unicode, LowersLatinGreekAndCyrillic) {
  EXPECT_EQ(lowered("ÀÉÎÕÜÝÞŒŠŽŸĄĹŇŦƠƯƏƁƘ"), lowered("àéîõüýþœšžÿąĺňŧơưəɓƙ"));
  EXPECT_EQ(lowered("ΑΆΈΉΊΌΎΏΣΩΪΫ"), lowered("αάέήίόύώσωϊϋ"));
  EXPECT_EQ(lowered("λόγος"), lowered("λόγοσ"));
  EXPECT_EQ(lowered("АЯЁЂЏѢҐӁӐӨ"), lowered("аяёђџѣґӂӑө"));
  EXPECT_EQ(lowered("ԱՖＡＺẠỸ"), lowered("աֆａｚạỹ"));
  EXPECT_EQ(lowered("×÷ßıĸ東한עا"), lowered("×÷ßıĸ東한עا"));
  EXPECT_EQ(lowered("×"), "d7 ");
}

TEST(Unicode, ReplacesEachInvalidByte) {
  EXPECT_EQ(lowered("a\xff\xc3(\xe2\x82"), "61 fffd fffd 28 fffd fffd ");
  EXPECT_EQ(lowered("\xc0\x80\xed\xa0\x80"),
            "fffd fffd fffd fffd fffd ");  // Overlong and surrogate.
  EXPECT_EQ(lowered("\xf0\x9f\x98\x80"), "1f600 ");
}

TEST(Unicode, PartsWordsFromSpacesAndSymbols) {
  for (const char32_t c :
       {U'a', U'Z', U'_', U'7', U'é', U'ж', U'ω', U'한', U'ع', U'ก', U'ि', U'²'}) {
    EXPECT_EQ(letter_class(c), LetterClass::word) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U' ', U'\n', U'\u00a0', U'\u2003', U'\u3000'})
    EXPECT_EQ(letter_class(c), LetterClass::space);
  for (const char32_t c : {U'.', U'-', U'«', U'—', U'€', U'。', U'！', U'\u200b'}) {
    EXPECT_EQ(letter_class(c), LetterClass::other) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U'東', U'の', U'カ', U'😀'})
    EXPECT_EQ(letter_class(c), LetterClass::single);
}

}  // namespace querist::featurizers
