// The cards of plug-ins of any kind, as text, JSON and Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

std::vector<Card> strategy_cards();
std::vector<Card> stream_cards();
std::vector<Card> learner_cards();
std::vector<Card> featurizer_cards();
std::vector<Card> format_cards();

Json cards_json(const std::vector<Card>& cards);
std::string cards_text(const std::vector<Card>& cards);
std::string cards_markdown(const std::vector<Card>& cards);
std::string params_markdown(const ParamSpecs& params, bool as_flags);

}  // namespace querist::app
