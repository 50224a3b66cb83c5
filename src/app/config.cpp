// Reading by toml++, the only file that knows it.
#include "app/config.h"

#include <toml++/toml.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace querist::app {

// What a file cannot say: where it is itself, and what only a command line means.
static bool in_files(const ParamSpec& spec) {
  return spec.name != "config" && spec.name != "show_config";
}

static std::string_view type_word(const toml::node& node) {
  if (node.is_string()) return "a text";
  if (node.is_boolean()) return "true or false";
  if (node.is_number()) return "a number";
  return node.is_table() ? "a table" : node.is_array() ? "a list" : "a date or time";
}

static std::string_view wanted_word(const ParamSpec& spec) {
  if (std::holds_alternative<bool>(spec.fallback)) return "true or false";
  return std::holds_alternative<double>(spec.fallback) ? "a number" : "a text in quotes";
}

static ParamValue value_of(const ParamSpec& spec, const toml::node& node) {
  if (std::holds_alternative<bool>(spec.fallback) && node.is_boolean()) return *node.value<bool>();
  if (std::holds_alternative<double>(spec.fallback) && node.is_number())
    return *node.value<double>();
  if (std::holds_alternative<std::string>(spec.fallback) && node.is_string())
    return *node.value<std::string>();
  refuse("{} must be {}, not {}", spec.name, wanted_word(spec), type_word(node));
}

static const ParamSpec& row_of(const ParamSpecs& rows, std::string_view name) {
  std::vector<std::string_view> names;
  for (const ParamSpec& row : rows) {
    if (!in_files(row)) continue;
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  refuse("there is no setting \"{}\"; the settings are {}", name, fmt::join(names, ", "));
}

void read_config(const std::filesystem::path& path, Params& options) {
  if (!std::filesystem::exists(path)) refuse("there is no config file {}", path.string());
  toml::table table;
  try {
    table = toml::parse(read_file(path), path.string());
  } catch (const toml::parse_error& error) {
    refuse("{}, line {}: {}", path.string(), error.source().begin.line, error.description());
  }
  Params checked(options.specs());
  for (const auto& [key, node] : table) {
    try {
      const ParamSpec& row = row_of(options.specs(), key.str());
      checked.set(row.name, value_of(row, node));
    } catch (const Error& error) {
      refuse("{}, line {}: {}", path.string(), key.source().begin.line, error.what());
    }
  }
  for (const auto& [name, value] : checked.given()) {
    if (!options.changed(name)) options.set(name, value);
  }
}

static std::string toml_text(const ParamSpec& row, const ParamValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (!text && row.whole) return fmt::format("{:.0f}", std::get<double>(value));
  if (!text) return to_text(value);
  return Json(*text).dump();  // A JSON text is a TOML one.
}

std::string config_text(const Params& options) {
  std::string text =
      "# Settings of `querist serve --config FILE`. A flag beats a QUERIST_* variable, which beats "
      "this file.\n";
  for (const ParamSpec& row : options.specs()) {
    if (!in_files(row)) continue;
    text += fmt::format("\n# {}\n{}{} = {}\n", row.help, options.changed(row.name) ? "" : "# ",
                        row.name, toml_text(row, options.value(row.name)));
  }
  return text;
}

}  // namespace querist::app
