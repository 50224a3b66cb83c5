// Word and character n-grams of a text as hashed numbers, counted without building their strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace querist::featurizers {

struct NgramSettings {
  uint32_t word_ngrams = 2;  // Up to this many words in a row; 0: none.
  uint32_t char_min =
      3;  // Character n-grams within white-space-parted words, padded by a space on both sides.
  uint32_t char_max = 5;  // 0: none.
  uint32_t columns_log2 =
      18;  // Words hash into the lower half of 2^columns_log2 numbers, characters into the upper.

  uint32_t columns() const { return uint32_t{1} << columns_log2; }
};

// Longer texts are read up to here.
inline constexpr size_t max_text_bytes = size_t{1} << 20;

// Reusable memory of one thread.
struct NgramScratch {
  std::vector<char32_t> letters;
  std::vector<uint8_t> classes;
  std::vector<uint32_t> numbers;  // The answer: one number an n-gram, unsorted, with repeats.
  std::vector<std::pair<size_t, size_t>> words;
};

void hash_ngrams(std::string_view text, const NgramSettings& settings, NgramScratch& scratch);

}  // namespace querist::featurizers
