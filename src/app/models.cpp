// querist models: list, show, promote, rollback, history.
#include <algorithm>

#include "api/http_text.h"
#include "app/backend.h"
#include "base/error.h"

namespace querist::app {

static std::string model_line(const Json& model) {
  std::string accuracy = "not known yet";
  if (model["metrics"].is_object()) {
    const Json& a = model["metrics"]["accuracy"];
    accuracy = fmt::format("{:.3f} ({:.3f}–{:.3f})", a["value"].get<double>(),
                           a["ci_low"].get<double>(), a["ci_high"].get<double>());
  }
  return fmt::format("{:>5}  {:>6} labels  accuracy {:<24} {}\n", model["version"].get<int64_t>(),
                     model["labels"].get<int64_t>(), accuracy,
                     fmt::join(model["aliases"].get<std::vector<std::string>>(), ", "));
}

static std::string change_line(const Json& change) {
  const auto text = [&](const char* field) { return change[field].get<std::string>(); };
  return fmt::format("{}  {:<10} {} -> {}  {}  ({})\n", text("created_at"), text("action"),
                     text("alias"), change["version"].get<int64_t>(), text("reason"),
                     text("actor"));
}

static int64_t version_argument(const Invocation& invocation) {
  if (invocation.arguments.size() != 2)
    wrong_usage("name a version: querist models {} 3", invocation.arguments[0]);
  return number_argument("version", invocation.arguments[1]);
}

// The changes that an action made or lists, as the API's items.
static std::vector<Json> changes(const Backend& backend, const Invocation& invocation,
                                 const std::string& action, int64_t version,
                                 const std::string& path) {
  Json body = {{"reason", invocation.text("reason")}};
  if (action == "promote") {
    body["version"] = version;
    body["force"] = invocation.options.flag("force");
    return {ask(backend, "PUT", path + "/aliases/" + api::percent_encode(invocation.text("alias")),
                body)};
  }
  if (action == "rollback") {
    body["alias"] = invocation.text("alias");
    return {ask(backend, "POST", path + "/rollback", body)};
  }
  return ask(backend, "GET", path + "/history")["items"].get<std::vector<Json>>();
}

static int run(const Invocation& invocation) {
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  const std::vector<std::string_view> known = {"list", "show", "promote", "rollback", "history"};
  if (std::find(known.begin(), known.end(), action) == known.end())
    wrong_usage("models knows {}, not \"{}\"", fmt::join(known, ", "), action);
  const int64_t version =
      action == "show" || action == "promote" ? version_argument(invocation) : 0;
  const Backend backend = open_backend(invocation);
  const std::string path = project_path(chosen_project(backend, invocation)) + "/models";
  if (action == "show") {
    put_out("", ask(backend, "GET", fmt::format("{}/{}", path, version)).dump(2) + "\n");
    return 0;
  }
  std::vector<Json> items;
  if (action == "list") {
    each_item(backend, path, 0, [&](const Json& model) { items.push_back(model); });
    std::reverse(items.begin(), items.end());  // Oldest first, the newest above the prompt.
  } else {
    items = changes(backend, invocation, action, version, path);
  }
  std::string text;
  for (const Json& item : items) text += action == "list" ? model_line(item) : change_line(item);
  put_out("", invocation.options.flag("json") ? Json{{"items", items}}.dump() + "\n" : text);
  return 0;
}

Verb models() {
  return {
      .name = "models",
      .summary =
          "List model versions; show, promote or roll back one; read the history of aliases.",
      .arguments = "ACTION...",
      .example = "querist models promote 7 --project sms --reason \"audited\"",
      .options = with_project(
          {{.name = "alias", .fallback = "champion", .help = "Alias to move."},
           {.name = "reason", .fallback = "", .help = "Why; kept in the history."},
           {.name = "force", .fallback = false, .help = "Promote although the gate did not pass."},
           json_option()}),
      .run = run};
}

}  // namespace querist::app
