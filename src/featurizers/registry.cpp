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

std::string_view default_for(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::text:
      return "tfidf";
    case PayloadKind::columns:
      return "tabular";
    case PayloadKind::image:
      return "pixels";
    case PayloadKind::embedding:
      return "embedding";
  }
  fail(Code::internal, "there is no featurizer for payload kind {}", static_cast<int>(kind));
}

}  // namespace querist::featurizers
