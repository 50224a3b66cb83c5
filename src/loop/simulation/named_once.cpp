// An empty list would leave nothing to compare; an entry named twice would share its rows.
#include "loop/simulation/named_once.h"

#include <algorithm>

#include "base/error.h"
#include "strategies/door/expression.h"

namespace querist::loop {

void check_names(std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) refuse("{} names nothing: name at least one", what);
  for (auto at = names.begin(); at != names.end(); ++at) {
    if (std::find(names.begin(), at, *at) != at)
      refuse("{} names {} twice: name each once; for more repetitions there are seeds", what, *at);
  }
}

std::vector<std::string> named_or_usual(std::string_view what, const std::string& list) {
  if (list.empty()) return {""};
  auto names = strategies::split_strategies(list);
  check_names(what, names);
  return names;
}

}  // namespace querist::loop
