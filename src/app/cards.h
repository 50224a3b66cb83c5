// The cards of plug-ins of any kind, as text and JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/verb.h"
#include "base/json.h"
#include "base/params.h"

namespace querist::app {

struct Card {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  ParamSpecs params;
  // Of learners alone; empty for others: what they learn, and what a strategy may ask their models.
  std::vector<std::string_view> tasks{};
  std::vector<std::string_view> gives{};
  // Of strategies alone; empty for others.
  std::string_view family{};
  std::string_view task{};
  std::vector<std::string_view> needs{};
};

// A kind of plug-in: the verb that lists it, and its part of the reference.
struct PluginKind {
  std::string_view title;
  std::vector<Card> (*cards)() = nullptr;
  Verb verb;
};
std::vector<PluginKind> plugin_kinds();

Json cards_json(const std::vector<Card>& cards);
std::string cards_text(const std::vector<Card>& cards);

}  // namespace querist::app
