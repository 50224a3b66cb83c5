// Patterns against paths, part by part.
#include "api/router.h"

#include <algorithm>

#include "api/http_text.h"
#include "base/check.h"
#include "base/error.h"

namespace querist::api {

static std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const size_t end = path.find('/');
    parts.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return parts;
    path.remove_prefix(end + 1);
  }
}

static bool is_parameter(std::string_view part) { return part.starts_with('{'); }

Router::Router(const Routes& routes) {
  for (const Route& route : routes) {
    const size_t space = route.pattern.find(' ');
    QUERIST_CHECK(space != std::string_view::npos && route.handler);
    entries_.push_back(
        {&route, route.pattern.substr(0, space), split(route.pattern.substr(space + 1))});
  }
  // More literal patterns first, compared part by part, so that the first match is the closest.
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::lexicographical_compare(
        a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
        [](auto x, auto y) { return is_parameter(x) < is_parameter(y); });
  });
}

Match Router::match(std::string_view method, std::string_view path) const {
  std::vector<std::string> parts;
  for (const std::string_view part : split(path)) {
    auto decoded = percent_decode(part);
    if (!decoded) refuse("the path holds a broken or forbidden escape");
    parts.push_back(std::move(*decoded));
  }
  if (method == "HEAD") method = "GET";
  Match match;
  for (const Entry& entry : entries_) {
    const bool fits = std::equal(entry.parts.begin(), entry.parts.end(), parts.begin(), parts.end(),
                                 [](std::string_view pattern, const std::string& part) {
                                   return is_parameter(pattern) ? !part.empty() : pattern == part;
                                 });
    if (!fits) continue;
    if (std::find(match.methods.begin(), match.methods.end(), entry.method) ==
        match.methods.end()) {
      match.methods.push_back(entry.method);
    }
    if (match.route || entry.method != method) continue;
    match.route = entry.route;
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string_view pattern = entry.parts[i];
      if (is_parameter(pattern))
        match.ids.emplace_back(pattern.substr(1, pattern.size() - 2), parts[i]);
    }
  }
  return match;
}

}  // namespace querist::api
