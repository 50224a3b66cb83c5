// The list of every learner file in this folder, written by the build.
#include "base/registry.h"
#include "learners/learner.h"

namespace querist::learners {

const std::vector<Learner>& all() {
  static const std::vector<Learner> cards = {
#define ENTRY(function, wire_name) function(),
#include "learners.list"
#undef ENTRY
  };
  return cards;
}

const Learner& find(std::string_view name) { return find_card(all(), "learner", name); }

}  // namespace querist::learners
