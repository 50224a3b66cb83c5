// The list of every featurizer file in this folder, written by the build.
#include "base/registry.h"
#include "featurizers/featurizer.h"

namespace querist::featurizers {

const std::vector<Featurizer>& all() {
  static const std::vector<Featurizer> cards = {
#define ENTRY(function, wire_name) function(),
#include "featurizers.list"
#undef ENTRY
  };
  return cards;
}

const Featurizer& find(std::string_view name) { return find_card(all(), "featurizer", name); }

}  // namespace querist::featurizers
