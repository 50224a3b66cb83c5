// The list of every featurizer file in this folder, written by the build.
#include "base/registry.h"
#include "base/expression.h"
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

ChosenFeaturizer parse_featurizer(std::string_view text) {
  const Expression expression = parse_expression(text);
  ChosenFeaturizer chosen{&find(expression.name), {}};
  chosen.params = Params(chosen.card->params);
  for (const auto& [name, value] : expression.settings) chosen.params.set_text(name, value);
  return chosen;
}

ChosenFeaturizer parse_featurizer(std::string_view text, PayloadKind payload,
                                  std::string_view have) {
  ChosenFeaturizer chosen = parse_featurizer(text.empty() ? default_for(payload) : text);
  if (chosen.card->payload != payload) {
    refuse("the featurizer {} reads {}, but {} {}", chosen.card->name,
           payload_word(chosen.card->payload), have, payload_word(payload));
  }
  return chosen;
}

}  // namespace querist::featurizers
