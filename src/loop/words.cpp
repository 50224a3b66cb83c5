// One pass over the bytes.
#include "loop/words.h"

namespace querist::loop {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool part = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || byte >= 0x80;
    if (part) word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    if (!part && !word.empty()) words.push_back(std::move(word));
    if (!part) word.clear();
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace querist::loop
