// The list of every stream strategy in this folder, written by the build.
#include "base/registry.h"
#include "streams/stream.h"

namespace querist::streams {

const std::vector<StreamStrategy>& all() {
  static const std::vector<StreamStrategy> cards = {
#define ENTRY(function, wire_name) function(),
#include "streams.list"
#undef ENTRY
  };
  return cards;
}

const StreamStrategy& find(std::string_view name) {
  return find_card(all(), "stream strategy", name);
}

}  // namespace querist::streams
