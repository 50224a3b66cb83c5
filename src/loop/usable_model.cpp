// Two counts.
#include "loop/usable_model.h"

#include <algorithm>

namespace querist::loop {

bool is_usable(std::span<const int32_t> labels, size_t classes) {
  const bool one_class = std::all_of(labels.begin(), labels.end(),
                                     [&](int32_t label) { return label == labels.front(); });
  return labels.size() >= 2 * classes && !one_class;
}

}  // namespace querist::loop
