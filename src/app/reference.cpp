// querist reference: the whole reference from the same rows that run it, as Markdown.
#include <algorithm>
#include <cmath>

#include "app/cards.h"
#include "app/reference_routes.h"
#include "app/text.h"
#include "app/verb.h"
#include "base/error.h"
#include "data/project_settings.h"

namespace querist::app {

static std::string range_of(const ParamSpec& spec) {
  if (!spec.choices.empty()) return fmt::format("{}", fmt::join(spec.choices, ", "));
  const bool low = std::isfinite(spec.min);
  const bool high = std::isfinite(spec.max);
  if (low && high) return fmt::format("{:g} … {:g}", spec.min, spec.max);
  if (low) return fmt::format("at least {:g}", spec.min);
  if (high) return fmt::format("at most {:g}", spec.max);
  return "";
}

// What a learner learns, and whether its models have members, which committee strategies ask.
static std::string learner_line(const Card& card) {
  const bool has_members = std::ranges::any_of(
      card.gives, [](std::string_view signal) { return signal.starts_with("member_"); });
  return fmt::format("Tasks: {}. {}", fmt::join(card.tasks, ", "),
                     has_members ? "With members." : "Without members.");
}

Json cards_json(const std::vector<Card>& cards) {
  Json items = Json::array();
  for (const Card& card : cards) {
    Json params = Json::array();
    for (const ParamSpec& spec : card.params) {
      params.push_back({{"name", spec.name},
                        {"type", spec.type()},
                        {"fallback", to_text(spec.fallback)},
                        {"range", range_of(spec)},
                        {"help", spec.help}});
    }
    Json item = {{"name", card.name},
                 {"summary", card.summary},
                 {"source", card.source},
                 {"params", params}};
    if (!card.family.empty()) {
      item["family"] = card.family;
      item["task"] = card.task;
      item["needs"] = card.needs;
    }
    if (!card.tasks.empty()) {
      item["tasks"] = card.tasks;
      item["gives"] = card.gives;
    }
    items.push_back(std::move(item));
  }
  return items;
}

std::string cards_text(const std::vector<Card>& cards) {
  std::string text;
  for (const Card& card : cards) {
    text += fmt::format("{:<20} {}\n", card.name, card.summary);
    if (!card.tasks.empty()) text += fmt::format("{:<20} {}\n", "", learner_line(card));
    for (const ParamSpec& spec : card.params) {
      const std::string range = range_of(spec);
      text += fmt::format("{:<20}   {} = {}{}  {}\n", "", spec.name, to_text(spec.fallback),
                          range.empty() ? "" : " (" + range + ")", spec.help);
    }
  }
  return text;
}

static std::string params_markdown(const ParamSpecs& params, bool as_flags) {
  std::string text = "| name | type | default | range | what it does |\n|---|---|---|---|---|\n";
  for (const ParamSpec& spec : params) {
    const std::string name = as_flags ? flag_of(spec.name) : std::string(spec.name);
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", name, spec.type(), to_text(spec.fallback),
                        range_of(spec), spec.help);
  }
  return text;
}

static std::string cards_markdown(const std::vector<Card>& cards) {
  std::string text;
  for (const Card& card : cards) {
    text += fmt::format("\n### {}\n\n{}{}\n", card.name, card.summary,
                        card.source.empty() ? "" : fmt::format(" ({}.)", card.source));
    if (!card.tasks.empty()) text += "\n" + learner_line(card) + "\n";
    if (!card.family.empty()) {
      text += fmt::format(
          "\nFamily: {}. Task: {}. Needs: {}.\n", card.family, card.task,
          card.needs.empty() ? "nothing" : fmt::format("{}", fmt::join(card.needs, ", ")));
    }
    if (!card.params.empty()) text += "\n" + params_markdown(card.params, false);
  }
  return text;
}

std::string reference() {
  std::string text =
      "# Reference\n\nPrinted by `querist reference` from the rows that run it; no hand writes "
      "here.\n";
  text += "\n## Commands\n";
  for (const Verb& verb : verbs()) {
    text += fmt::format("\n### querist {}\n\n{}\n\n`{}`\n", verb.name, verb.summary, verb.example);
    if (!verb.options.empty()) text += "\n" + params_markdown(verb.options, true);
  }
  text += "\n## Settings of a project\n\n" + params_markdown(project_settings(), false);
  for (const PluginKind& kind : plugin_kinds())
    text += fmt::format("\n## {}\n{}", kind.title, cards_markdown(kind.cards()));
  text += "\n## Routes of the server\n" + routes_markdown();
  return text;
}

Verb reference_verb() {
  return {.name = "reference",
          .summary = "Print the whole reference: commands, settings, plug-ins, routes.",
          .example = "querist reference > docs/reference.md",
          .run = [](const Invocation&) {
            put_out("", reference());
            return 0;
          }};
}

}  // namespace querist::app
