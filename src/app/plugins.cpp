// querist strategies, learners, featurizers, formats: every plug-in of a kind with its parameters.
#include "app/cards.h"
#include "app/verb.h"
#include "featurizers/featurizer.h"
#include "formats/format.h"
#include "learners/learner.h"
#include "strategies/strategy.h"
#include "streams/stream.h"

namespace querist::app {

static int print(const Invocation& invocation, const std::vector<Card>& cards) {
  put_out("",
          invocation.options.flag("json") ? cards_json(cards).dump(2) + "\n" : cards_text(cards));
  return 0;
}

std::vector<Card> strategy_cards() {
  std::vector<Card> cards;
  for (const auto& card : strategies::all()) {
    cards.push_back({.name = card.name,
                     .summary = card.summary,
                     .source = card.source,
                     .params = card.params,
                     .family = card.family,
                     .task = strategies::task_name(card.task),
                     .needs = strategies::signal_list(card.needs)});
  }
  return cards;
}

std::vector<Card> stream_cards() {
  std::vector<Card> cards;
  for (const auto& card : streams::all())
    cards.push_back({card.name, card.summary, card.source, card.params});
  return cards;
}

std::vector<Card> learner_cards() {
  std::vector<Card> cards;
  for (const auto& card : learners::all()) {
    std::vector<std::string_view> tasks;
    for (const Task task : card.tasks) tasks.push_back(strategies::task_name(task));
    cards.push_back({.name = card.name,
                     .summary = card.summary,
                     .source = card.source,
                     .params = card.params,
                     .tasks = tasks,
                     .gives = strategies::signal_list(card.gives)});
  }
  return cards;
}

std::vector<Card> featurizer_cards() {
  std::vector<Card> cards;
  for (const auto& card : featurizers::all())
    cards.push_back({card.name, card.summary, card.source, card.params});
  return cards;
}

std::vector<Card> format_cards() {
  std::vector<Card> cards;
  for (const auto& card : formats::all()) cards.push_back({card.name, card.summary, {}, {}});
  return cards;
}

static Verb listing(std::string_view name, std::string_view summary, std::string_view example,
                    int (*run)(const Invocation&)) {
  return {
      .name = name, .summary = summary, .example = example, .options = {json_option()}, .run = run};
}

Verb strategies() {
  return listing("strategies", "List the query strategies and their parameters.",
                 "querist strategies",
                 [](const Invocation& invocation) { return print(invocation, strategy_cards()); });
}

Verb streams() {
  return listing("streams", "List the strategies for streams, which the Python package runs.",
                 "querist streams",
                 [](const Invocation& invocation) { return print(invocation, stream_cards()); });
}

Verb learners() {
  return listing("learners", "List the learners and their parameters.", "querist learners --json",
                 [](const Invocation& invocation) { return print(invocation, learner_cards()); });
}

Verb featurizers() {
  return listing(
      "featurizers", "List the featurizers and their parameters.", "querist featurizers",
      [](const Invocation& invocation) { return print(invocation, featurizer_cards()); });
}

Verb formats() {
  return listing("formats", "List the file formats that can be imported.", "querist formats",
                 [](const Invocation& invocation) { return print(invocation, format_cards()); });
}

}  // namespace querist::app
