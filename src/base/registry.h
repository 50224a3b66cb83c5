// Looks a plug-in up by its wire name in a folder's list of cards.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace querist {

template <class Card>
const Card& find_card(const std::vector<Card>& cards, std::string_view kind,
                      std::string_view name) {
  std::vector<std::string_view> names;
  for (const Card& card : cards) {
    if (card.name == name) return card;
    names.push_back(card.name);
  }
  fail(Code::not_found, "there is no {} \"{}\"; there are {}", kind, name, fmt::join(names, ", "));
}

}  // namespace querist
