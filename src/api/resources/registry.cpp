// The list of every resource file in this folder, written by the build.
#include "api/route.h"

namespace querist::api {

const Routes& all_routes() {
  static const Routes routes = [] {
    Routes all;
    const auto add = [&](const Routes& some) { all.insert(all.end(), some.begin(), some.end()); };
#define ENTRY(function, wire_name) add(resources::function());
#include "api_resources.list"
#undef ENTRY
    return all;
  }();
  return routes;
}

}  // namespace querist::api
