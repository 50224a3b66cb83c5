// FNV-1a takes one letter at a time, so the n-grams that start at one place share their prefix's
// hash.
#include "featurizers/tfidf/ngrams.h"

#include <algorithm>

#include "featurizers/tfidf/unicode.h"

namespace querist::featurizers {

// base/hash.h's fast_hash over the UTF-8 bytes of the letters added so far.
class RollingHash {
 public:
  explicit RollingHash(uint64_t seed)
      : state_(0xcbf29ce484222325ULL ^ (seed * 0x9e3779b97f4a7c15ULL)) {}

  void add(char32_t letter) {
    if (letter < 0x80) {
      add_byte(letter);
    } else if (letter < 0x800) {
      add_byte(0xc0 | (letter >> 6));
      add_byte(0x80 | (letter & 0x3f));
    } else if (letter < 0x10000) {
      add_byte(0xe0 | (letter >> 12));
      add_byte(0x80 | ((letter >> 6) & 0x3f));
      add_byte(0x80 | (letter & 0x3f));
    } else {
      add_byte(0xf0 | (letter >> 18));
      add_byte(0x80 | ((letter >> 12) & 0x3f));
      add_byte(0x80 | ((letter >> 6) & 0x3f));
      add_byte(0x80 | (letter & 0x3f));
    }
  }

  uint64_t value() const {
    uint64_t h = state_;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    return h ^ (h >> 33);
  }

 private:
  void add_byte(uint64_t byte) { state_ = (state_ ^ byte) * 0x100000001b3ULL; }

  uint64_t state_;
};

static constexpr uint64_t word_seed = 1;
static constexpr uint64_t character_seed = 2;

static void find_words(NgramScratch& s) {
  s.words.clear();
  const size_t n = s.letters.size();
  for (size_t at = 0; at < n;) {
    const auto kind = static_cast<LetterClass>(s.classes[at]);
    const size_t begin = at++;
    if (kind == LetterClass::word) {
      while (at < n && static_cast<LetterClass>(s.classes[at]) == LetterClass::word) ++at;
    }
    if (kind == LetterClass::word || kind == LetterClass::single) s.words.emplace_back(begin, at);
  }
}

static void hash_words(const NgramSettings& settings, NgramScratch& s) {
  const uint32_t mask = settings.columns() / 2 - 1;
  find_words(s);
  for (size_t first = 0; first < s.words.size(); ++first) {
    RollingHash hash(word_seed);
    const size_t last = std::min(s.words.size(), first + settings.word_ngrams);
    for (size_t word = first; word < last; ++word) {
      if (word > first) hash.add(' ');
      for (size_t at = s.words[word].first; at < s.words[word].second; ++at)
        hash.add(s.letters[at]);
      s.numbers.push_back(static_cast<uint32_t>(hash.value()) & mask);
    }
  }
}

// One white-space-parted stretch of letters, [begin, end), thought of with a space before and
// behind.
static void hash_stretch(const NgramSettings& settings, NgramScratch& s, size_t begin, size_t end) {
  const uint32_t half = settings.columns() / 2;
  const size_t length = end - begin + 2;
  const auto letter = [&](size_t i) {
    return i == 0 || i + 1 == length ? U' ' : s.letters[begin + i - 1];
  };
  for (size_t first = 0; first < length; ++first) {
    const size_t longest = std::min<size_t>(settings.char_max, length - first);
    // A stretch shorter than an n-gram counts once, whole, for the shortest such n.
    const bool whole = first == 0 && length < settings.char_min;
    if (longest < settings.char_min && !whole) break;
    RollingHash hash(character_seed);
    for (size_t n = 1; n <= longest; ++n) {
      hash.add(letter(first + n - 1));
      if (n >= settings.char_min || (whole && n == longest)) {
        s.numbers.push_back((static_cast<uint32_t>(hash.value()) & (half - 1)) | half);
      }
    }
  }
}

void hash_ngrams(std::string_view text, const NgramSettings& settings, NgramScratch& s) {
  s.letters.clear();
  s.numbers.clear();
  decode_lower(text.substr(0, max_text_bytes), s.letters);
  const size_t n = s.letters.size();
  s.classes.resize(n);
  for (size_t i = 0; i < n; ++i) s.classes[i] = static_cast<uint8_t>(letter_class(s.letters[i]));
  if (settings.word_ngrams > 0) hash_words(settings, s);
  if (settings.char_max == 0) return;
  for (size_t at = 0; at < n;) {
    if (static_cast<LetterClass>(s.classes[at]) == LetterClass::space) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < n && static_cast<LetterClass>(s.classes[at]) != LetterClass::space) ++at;
    hash_stretch(settings, s, begin, at);
  }
}

}  // namespace querist::featurizers
