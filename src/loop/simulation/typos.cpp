// The keyboard is the English one.
#include "loop/simulation/typos.h"

#include <array>

namespace querist::loop {

static constexpr std::array<std::string_view, 26> neighbours = {
    "qwsz",   "vghn",  "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko",
    "huikmn", "jiolm", "kop",  "njk",    "bhjm", "iklp",   "ol",     "wa",     "edft",
    "awedxz", "rfgy",  "yhji", "cfgb",   "qase", "zsdc",   "tghu",   "asx"};

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static char neighbour_of(char letter, Rng& rng) {
  const bool is_capital = letter <= 'Z';
  const std::string_view keys = neighbours[static_cast<size_t>(letter - (is_capital ? 'A' : 'a'))];
  const char key = keys[rng.below(keys.size())];
  return is_capital ? static_cast<char>(key - 'a' + 'A') : key;
}

std::string with_typos(std::string_view text, double rate, Rng& rng) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_letter(c) || rng.uniform() >= rate) {
      out += c;
      continue;
    }
    const uint64_t kind = rng.below(4);
    const bool can_swap = i + 1 < text.size() && is_letter(text[i + 1]);
    if (kind == 0) continue;  // Left out.
    if (kind == 1) {
      out += c;
      out += c;
    } else if (kind == 2 && can_swap) {
      out += text[++i];
      out += c;
    } else {
      out += neighbour_of(c, rng);
    }
  }
  return out;
}

}  // namespace querist::loop
