// Finds the route of a method and path; literal parts win over parameters.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/route.h"

namespace querist::api {

struct Match {
  const Route* route = nullptr;  // Null: nothing at this path, or not with this method.
  std::vector<std::pair<std::string_view, std::string>> ids;
  std::vector<std::string_view> methods;  // What the path can do; empty: the path is unknown.
};

class Router {
 public:
  explicit Router(const Routes& routes);

  // `path` as sent, still percent-encoded. HEAD is answered as GET. Throws invalid_argument for
  // broken escapes.
  Match match(std::string_view method, std::string_view path) const;

 private:
  struct Entry {
    const Route* route;
    std::string_view method;
    std::vector<std::string_view> parts;
  };
  std::vector<Entry> entries_;
};

}  // namespace querist::api
