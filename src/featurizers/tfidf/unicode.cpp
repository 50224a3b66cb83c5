// Small range tables in place of a Unicode library: enough to part and fold the world's common
// scripts.
#include "featurizers/tfidf/unicode.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace querist::featurizers {

struct Range {
  char32_t first;
  char32_t last;
};

// Punctuation and symbols beyond ASCII, ascending.
static constexpr Range symbols[] = {
    {0x80, 0xa9},     {0xab, 0xb1},     {0xb4, 0xb4},     {0xb6, 0xb8},       {0xbb, 0xbb},
    {0xbf, 0xbf},     {0xd7, 0xd7},     {0xf7, 0xf7},     {0x2c2, 0x2c5},     {0x2d2, 0x2df},
    {0x37e, 0x37e},   {0x387, 0x387},   {0x482, 0x482},   {0x55a, 0x55f},     {0x589, 0x58a},
    {0x5be, 0x5be},   {0x5c0, 0x5c0},   {0x5c3, 0x5c3},   {0x5c6, 0x5c6},     {0x5f3, 0x5f4},
    {0x606, 0x60f},   {0x61b, 0x61f},   {0x66a, 0x66d},   {0x6d4, 0x6d4},     {0x700, 0x70d},
    {0x964, 0x965},   {0x970, 0x970},   {0xdf4, 0xdf4},   {0xe3f, 0xe3f},     {0xe4f, 0xe4f},
    {0xe5a, 0xe5b},   {0xf01, 0xf17},   {0x104a, 0x104f}, {0x10fb, 0x10fb},   {0x1360, 0x1368},
    {0x166d, 0x166e}, {0x16eb, 0x16ed}, {0x17d4, 0x17db}, {0x1800, 0x180a},   {0x200b, 0x206f},
    {0x207a, 0x207e}, {0x208a, 0x208e}, {0x20a0, 0x20cf}, {0x2100, 0x2101},   {0x2103, 0x2106},
    {0x2108, 0x2109}, {0x2116, 0x2118}, {0x211e, 0x2123}, {0x2190, 0x245f},   {0x249c, 0x24b5},
    {0x2500, 0x25ff}, {0x27c0, 0x2bff}, {0x2e00, 0x2e7f}, {0x3001, 0x3004},   {0x3008, 0x3020},
    {0x3030, 0x3030}, {0x303d, 0x303d}, {0x30fb, 0x30fb}, {0xe000, 0xf8ff},   {0xfd3e, 0xfd3f},
    {0xfe10, 0xfe1f}, {0xfe30, 0xfe6f}, {0xfeff, 0xfeff}, {0xff01, 0xff0f},   {0xff1a, 0xff20},
    {0xff3b, 0xff40}, {0xff5b, 0xff65}, {0xffe0, 0xffff}, {0x1d000, 0x1d1ff}, {0x1f000, 0x1f2ff},
};

// Han, kana and pictographs, ascending.
static constexpr Range singles[] = {
    {0x2600, 0x27bf}, {0x3005, 0x3007},   {0x3040, 0x30fa},   {0x30fc, 0x30ff},
    {0x31f0, 0x31ff}, {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
    {0xff66, 0xff9f}, {0x1f300, 0x1faff}, {0x20000, 0x3ffff},
};

template <size_t n>
static bool within(const Range (&ranges)[n], char32_t letter) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), letter,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return after != std::begin(ranges) && letter <= std::prev(after)->last;
}

static constexpr LetterClass ascii_class(char32_t c) {
  if (c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f)) return LetterClass::space;
  const bool word =
      (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  return word ? LetterClass::word : LetterClass::other;
}

static constexpr auto ascii_classes = [] {
  std::array<LetterClass, 128> table{};
  for (char32_t c = 0; c < 128; ++c) table[c] = ascii_class(c);
  return table;
}();

LetterClass letter_class(char32_t c) {
  if (c < 128) return ascii_classes[c];
  if (c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
      c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000) {
    return LetterClass::space;
  }
  if (within(symbols, c)) return LetterClass::other;
  return within(singles, c) ? LetterClass::single : LetterClass::word;
}

// Letters of African alphabets and Azerbaijani, whose small forms stand elsewhere.
static char32_t lower_far_latin(char32_t c) {
  static constexpr char32_t pairs[][2] = {
      {0x181, 0x253}, {0x186, 0x254}, {0x189, 0x256}, {0x18a, 0x257},
      {0x18e, 0x1dd}, {0x18f, 0x259}, {0x190, 0x25b}, {0x191, 0x192},
      {0x193, 0x260}, {0x194, 0x263}, {0x196, 0x269}, {0x198, 0x199},
      {0x19d, 0x272}, {0x1b2, 0x28b}, {0x1b3, 0x1b4}, {0x1b7, 0x292}};
  for (const auto& [large, small] : pairs) {
    if (c == large) return small;
  }
  return c;
}

static char32_t lower_latin(char32_t c) {
  if (c < 0x100) return c >= 0xc0 && c <= 0xde && c != 0xd7 ? c + 32 : c;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xff;
  if (c == 0x1af) return 0x1b0;
  if (c == 0x1e9e) return 0xdf;
  const bool odd_pairs =
      (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e) || (c >= 0x1cd && c <= 0x1dc);
  if (odd_pairs) return c + (c & 1);
  const bool even_pairs = (c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14a && c <= 0x177) ||
                          (c >= 0x1a0 && c <= 0x1a5) || (c >= 0x1de && c <= 0x1ef) ||
                          (c >= 0x1f8 && c <= 0x21f) || (c >= 0x222 && c <= 0x233) ||
                          (c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff);
  return even_pairs ? c | 1 : lower_far_latin(c);
}

static char32_t lower_greek(char32_t c) {
  if (c == 0x3c2) return 0x3c3;
  if (c >= 0x391 && c <= 0x3ab && c != 0x3a2) return c + 32;
  if (c == 0x386) return 0x3ac;
  if (c >= 0x388 && c <= 0x38a) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (c == 0x38e || c == 0x38f) return c + 63;
  return c;
}

static char32_t lower_cyrillic(char32_t c) {
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  if (c == 0x4c0) return 0x4cf;
  if (c >= 0x4c1 && c <= 0x4ce) return c + (c & 1);
  const bool even_pairs =
      (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f);
  return even_pairs ? c | 1 : c;
}

char32_t lower(char32_t c) {
  if (c < 128) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c < 0x250 || (c >= 0x1e00 && c <= 0x1eff)) return lower_latin(c);
  if (c >= 0x370 && c <= 0x3ff) return lower_greek(c);
  if (c >= 0x400 && c <= 0x52f) return lower_cyrillic(c);
  if (c >= 0x531 && c <= 0x556) return c + 48;
  if (c >= 0x1f00 && c <= 0x1f6f) return c & ~char32_t{8};  // Polytonic capitals stand 8 above.
  if (c >= 0xff21 && c <= 0xff3a) return c + 32;
  return c;
}

// The letter that starts at text[at], which is no ASCII byte; moves `at` behind it.
static char32_t decode_long(std::string_view text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  const size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || at + more > text.size()) return 0xfffd;
  char32_t letter = first & (0x3fu >> more);
  for (size_t i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xc0) != 0x80) return 0xfffd;
    letter = (letter << 6) | (next & 0x3fu);
  }
  constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  if (letter < smallest[more] || letter > 0x10ffff || (letter >= 0xd800 && letter <= 0xdfff))
    return 0xfffd;
  at += more;
  return letter;
}

void decode_lower(std::string_view utf8, std::vector<char32_t>& letters) {
  for (size_t at = 0; at < utf8.size();) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (byte < 128) {
      letters.push_back(lower(byte));
      ++at;
    } else {
      letters.push_back(lower(decode_long(utf8, at)));
    }
  }
}

}  // namespace querist::featurizers
