// Texts as people type them: typos, shouting, spaces that are missing or too many, lost words.
#include <algorithm>
#include <cctype>

#include "loop/perturbations/perturbation.h"

namespace querist::loop {

// The code points of UTF-8, each as its bytes; what is no UTF-8 comes byte by byte.
static std::vector<std::string> code_points(const std::string& text) {
  std::vector<std::string> points;
  for (const char byte : text) {
    const bool goes_on = (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
    if (goes_on && !points.empty() && points.back().size() < 4 &&
        static_cast<unsigned char>(points.back()[0]) >= 0xc0) {
      points.back() += byte;
    } else {
      points.emplace_back(1, byte);
    }
  }
  return points;
}

static std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

static bool is_space(const std::string& point) {
  return point.size() == 1 && std::isspace(static_cast<unsigned char>(point[0]));
}

static bool is_letter(const std::string& point) {
  return point.size() == 1 && std::isalpha(static_cast<unsigned char>(point[0]));
}

// A key beside the letter's on a QWERTY keyboard, in the letter's case; other characters stand for
// themselves.
static std::string neighbour_key(const std::string& point, Rng& rng) {
  static constexpr std::string_view keys[] = {
      "qwsz",   "vghn",  "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko",
      "huikmn", "jiolm", "kop",  "njk",    "bhjm", "iklp",   "ol",     "wa",     "edft",
      "awedxz", "rfgy",  "yhji", "cfgb",   "qase", "zsdc",   "tghu",   "asx"};
  if (!is_letter(point)) return point;
  const bool upper = std::isupper(static_cast<unsigned char>(point[0]));
  const auto place = static_cast<size_t>(std::tolower(static_cast<unsigned char>(point[0])) - 'a');
  const char key = keys[place][rng.below(keys[place].size())];
  return {1, upper ? static_cast<char>(std::toupper(key)) : key};
}

// One edit at each chosen character: swapped with the next, dropped, followed by a neighbour key,
// or replaced by one.
static void type_badly(Payload& payload, double amount, Rng& rng) {
  auto points = code_points(payload.text);
  std::vector<size_t> written;
  for (size_t i = 0; i < points.size(); ++i) {
    if (!is_space(points[i])) written.push_back(i);
  }
  std::vector<size_t> chosen;
  for (const size_t place : some_places(written.size(), amount, rng))
    chosen.push_back(written[place]);
  for (const size_t at : chosen) {
    const bool can_swap = at + 1 < points.size() && !is_space(points[at + 1]) &&
                          !std::binary_search(chosen.begin(), chosen.end(), at + 1);
    switch (rng.below(4)) {
      case 0:
        if (can_swap) {
          std::swap(points[at], points[at + 1]);
          break;
        }
        [[fallthrough]];
      case 1:
        points[at].clear();
        break;
      case 2:
        points[at] += neighbour_key(points[at], rng);
        break;
      default:
        points[at] = neighbour_key(points[at], rng);
    }
  }
  payload.text = joined(points);
}

static void flip_case(Payload& payload, double amount, Rng& rng) {
  std::vector<size_t> letters;
  for (size_t i = 0; i < payload.text.size(); ++i) {
    if (is_letter({payload.text[i]})) letters.push_back(i);
  }
  for (const size_t place : some_places(letters.size(), amount, rng))
    payload.text[letters[place]] = static_cast<char>(payload.text[letters[place]] ^ 0x20);
}

// Words and the gaps before them: gaps[i] stands before words[i], the last gap after all.
struct Words {
  std::vector<std::string> words;
  std::vector<std::string> gaps = {""};
};

static Words split(const std::string& text) {
  Words parts;
  bool inside = false;
  for (const char byte : text) {
    if (std::isspace(static_cast<unsigned char>(byte))) {
      parts.gaps.back() += byte;
      inside = false;
      continue;
    }
    if (!inside) {
      parts.words.emplace_back();
      parts.gaps.emplace_back();
    }
    parts.words.back() += byte;
    inside = true;
  }
  return parts;
}

static std::string joined(const Words& parts) {
  std::string text = parts.gaps[0];
  for (size_t i = 0; i < parts.words.size(); ++i) text += parts.words[i] + parts.gaps[i + 1];
  return text;
}

static void disturb_spaces(Payload& payload, double amount, Rng& rng) {
  Words parts = split(payload.text);
  if (parts.words.size() < 2) return;
  for (const size_t place : some_places(parts.words.size() - 1, amount, rng)) {
    std::string& gap = parts.gaps[place + 1];
    gap = rng.below(2) == 0 ? "" : gap + " ";
  }
  payload.text = joined(parts);
}

static void drop_words(Payload& payload, double amount, Rng& rng) {
  Words parts = split(payload.text);
  auto dropped = some_places(parts.words.size(), amount, rng);
  if (!dropped.empty() && dropped.size() == parts.words.size()) dropped.pop_back();
  for (const size_t place : dropped) {
    parts.words[place].clear();
    parts.gaps[place + 1].clear();
  }
  payload.text = joined(parts);
}

std::vector<Perturbation> text_perturbations() {
  return {{"typos",
           "Characters swapped with the next, dropped, doubled by a neighbouring key or replaced "
           "by one.",
           "share of the characters that are no space",
           {0, 0.02, 0.05, 0.1, 0.15, 0.2},
           type_badly},
          {"case",
           "Letters in the other case.",
           "share of the letters (ASCII)",
           {0, 0.1, 0.25, 0.5, 0.75, 1},
           flip_case},
          {"whitespace",
           "Words run together, or with one space more between them.",
           "share of the gaps between words",
           {0, 0.1, 0.2, 0.3, 0.4, 0.5},
           disturb_spaces},
          {"dropped_words",
           "Words left out; one stays.",
           "share of the words",
           {0, 0.1, 0.2, 0.3, 0.4, 0.5},
           drop_words}};
}

}  // namespace querist::loop
