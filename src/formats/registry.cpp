// The list of every format file in this folder, written by the build.
#include "base/registry.h"
#include "formats/format.h"

namespace querist::formats {

const std::vector<Format>& all() {
  static const std::vector<Format> cards = {
#define ENTRY(function, wire_name) function(),
#include "formats.list"
#undef ENTRY
  };
  return cards;
}

const Format& find(std::string_view name) { return find_card(all(), "format", name); }

}  // namespace querist::formats
