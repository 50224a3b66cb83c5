// querist settings: a project's settings with what they do, and changing them.
#include <algorithm>

#include "app/backend.h"
#include "app/near_names.h"
#include "base/error.h"

namespace querist::app {

// Rows as the folder or the server has them: {name, type, fallback, min, max, choices, help}.
static std::vector<Json> setting_rows(const Backend& backend) {
  return ask(backend, "GET", "/api/v1/settings/project")["items"].get<std::vector<Json>>();
}

static const Json& row_of(const std::vector<Json>& rows, const std::string& name) {
  std::vector<std::string> names;
  for (const Json& row : rows) {
    if (row["name"] == name) return row;
    names.push_back(row["name"].get<std::string>());
  }
  const auto near = near_names(name, names);
  if (near.empty())
    wrong_usage("there is no setting \"{}\"; there are {}", name, fmt::join(names, ", "));
  wrong_usage("there is no setting \"{}\"; did you mean {}? querist settings lists all", name,
              fmt::join(near, " or "));
}

// A value as the row's type has it; what is left empty goes back to the fallback.
static Json value_of(const Json& row, const std::string& text) {
  if (text.empty()) return nullptr;
  const Json& fallback = row["fallback"];
  const auto name = row["name"].get<std::string>();
  ParamSpec spec{.name = name};
  if (fallback.is_boolean()) spec.fallback = fallback.get<bool>();
  if (fallback.is_string()) spec.fallback = fallback.get<std::string>();
  const ParamValue value = parse_value(spec, text);
  return std::visit([](const auto& v) { return Json(v); },
                    static_cast<const std::variant<double, bool, std::string>&>(value));
}

static std::string shown(const Json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  return text.empty() ? "\"\"" : text;
}

static std::string range_text(const Json& row) {
  if (!row["choices"].empty())
    return fmt::format("; {}", fmt::join(row["choices"].get<std::vector<std::string>>(), ", "));
  const Json& low = row["min"];
  const Json& high = row["max"];
  if (low.is_null() || high.is_null()) return "";
  return fmt::format("; {:.10g} … {:.10g}", low.get<double>(), high.get<double>());
}

static std::string settings_text(const Json& settings) {
  std::string text;
  for (const Json& row : settings) {
    text += fmt::format("{} = {}   (default {}{})\n    {}\n", row["name"].get<std::string>(),
                        shown(row["value"]), shown(row["fallback"]), range_text(row),
                        row["help"].get<std::string>());
  }
  return text;
}

static Json change(const Backend& backend, const std::string& project, const Json& changes) {
  try {
    return ask(backend, "PATCH", project_path(project), {{"settings", changes}});
  } catch (const Error& error) {
    if (error.code() != Code::invalid_argument) throw;
    wrong_usage("{}", error.what());
  }
}

static int run(const Invocation& invocation) {
  const Backend backend = open_backend(invocation);
  const std::string name = chosen_project(backend, invocation);
  const std::vector<Json> rows = setting_rows(backend);
  std::vector<Json> named;
  Json changes = Json::object();
  for (const std::string& argument : invocation.arguments) {
    const size_t equals = argument.find('=');
    const Json& row = row_of(rows, argument.substr(0, equals));
    if (std::find(named.begin(), named.end(), row) != named.end())
      wrong_usage("the setting {} is named twice", row["name"].get<std::string>());
    named.push_back(row);
    if (equals == std::string::npos) continue;
    try {
      changes[row["name"].get<std::string>()] = value_of(row, argument.substr(equals + 1));
    } catch (const Error& error) {
      wrong_usage("{}", error.what());
    }
  }
  const Json project =
      changes.empty() ? ask(backend, "GET", project_path(name)) : change(backend, name, changes);
  Json settings = Json::array();
  for (Json row : named.empty() ? rows : named) {
    row["value"] = project["settings"][row["name"].get<std::string>()];
    settings.push_back(std::move(row));
  }
  put_out("", invocation.options.flag("json")
                  ? Json{{"project", name}, {"settings", settings}}.dump(2) + "\n"
                  : settings_text(settings));
  return 0;
}

Verb settings_verb() {
  return {.name = "settings",
          .summary =
              "List a project's settings, all or the named ones, and change those that are "
              "given a value; KEY= puts one back to its default.",
          .arguments = "KEY=VALUE...",
          .example = "querist settings --project sms strategy=margin budget=500",
          .options = with_project({json_option()}),
          .run = run};
}

}  // namespace querist::app
