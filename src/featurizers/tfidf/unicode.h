// Letters of a UTF-8 text: decoding, simple lower-casing and what parts words.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace querist::featurizers {

enum class LetterClass : uint8_t {
  space,   // Parts everything.
  other,   // Punctuation and symbols: part words, yet belong to character n-grams.
  word,    // Letters, digits, marks, underscore.
  single,  // A word by itself: Han, kana, pictographs.
};

LetterClass letter_class(char32_t letter);

// Simple lower-casing of Latin, Greek, Cyrillic, Armenian and full-width letters; all others pass
// as they are. Both small sigmas become one, as in Unicode's simple case folding.
char32_t lower(char32_t letter);

// Appends the lower-cased letters; each invalid byte becomes U+FFFD.
void decode_lower(std::string_view utf8, std::vector<char32_t>& letters);

}  // namespace querist::featurizers
