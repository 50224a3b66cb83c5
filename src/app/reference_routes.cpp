// Writes the rows of routes as Markdown.
#include "app/reference_routes.h"

#include "api/route.h"

namespace querist::app {

static std::string_view type_word(api::FieldType type) {
  constexpr std::string_view words[] = {"text", "integer", "number", "flag",
                                        "list", "object",  "any",    "time"};
  return words[static_cast<size_t>(type)];
}

// A bar would end the table's cell.
static std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

static std::string rows(const api::Fields& fields, std::string_view place) {
  std::string text;
  for (const api::Field& field : fields) {
    text += fmt::format("| `{}` | {} | {}{} | {} |\n", field.name, place, type_word(field.type),
                        field.required ? ", required" : "", cell(field.help));
  }
  return text;
}

static std::string answer(const api::Route& route) {
  std::string text = fmt::format("Answers {}", route.success);
  if (route.media != "application/json") return fmt::format("{}, {}", text, route.media);
  std::vector<std::string> names;
  for (const api::Field& field : route.response) names.push_back(fmt::format("`{}`", field.name));
  if (route.success != 204 && !names.empty())
    text += fmt::format(", {}{}", route.is_list ? "a list of " : "", fmt::join(names, " "));
  return text;
}

std::string routes_markdown() {
  std::string text =
      "\nThe same rows are `GET /openapi.json`. The role is the least that may; a list is "
      "`{\"items\": […], \"next\": cursor or null}`.\n";
  for (const api::Route& route : api::all_routes()) {
    text += fmt::format("\n### `{}`\n\n{} Role: {}. {}.\n", route.pattern, route.summary,
                        route.role ? word(*route.role) : "anyone", answer(route));
    if (route.body == api::BodyKind::stream)
      text += "\nThe body is a stream of rows: JSON, JSON Lines or CSV.\n";
    const std::string table = rows(route.query, "query") + rows(route.request, "body");
    if (!table.empty())
      text += "\n| name | where | type | what it does |\n|---|---|---|---|\n" + table;
  }
  return text;
}

}  // namespace querist::app
