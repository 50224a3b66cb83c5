// Nearness of names: the optimal string alignment distance (Damerau 1964).
#include "app/near_names.h"

#include <algorithm>
#include <numeric>

namespace querist::app {

static constexpr size_t most_shown = 5;

static size_t letters_apart(std::string_view a, std::string_view b) {
  std::vector<size_t> before;
  std::vector<size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    std::vector<size_t> now(b.size() + 1, i);
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = std::move(last);
    last = std::move(now);
  }
  return last.back();
}

std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& names) {
  const size_t most = std::max<size_t>(1, name.size() / 3);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& known : names) {
    const size_t apart = letters_apart(name, known);
    const bool holds = name.size() > 2 && (known.find(name) != std::string::npos ||
                                           name.find(known) != std::string_view::npos);
    if (apart <= most) near.emplace_back(apart, known);
    if (apart > most && holds) near.emplace_back(most + 1, known);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> found;
  for (size_t i = 0; i < std::min(near.size(), most_shown); ++i)
    found.push_back(std::move(near[i].second));
  return found;
}

}  // namespace querist::app
