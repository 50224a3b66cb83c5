// Checks settings against their rows and reads them back by type.
#include "base/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/error.h"

namespace querist {

std::string_view ParamSpec::type() const {
  if (std::holds_alternative<bool>(fallback)) return "flag";
  if (std::holds_alternative<double>(fallback)) return whole ? "integer" : "number";
  return choices.empty() ? "text" : "choice";
}

std::string to_text(const ParamValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:g}", *number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::get<std::string>(value);
}

ParamValue parse_value(const ParamSpec& spec, std::string_view text) {
  if (std::holds_alternative<bool>(spec.fallback)) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    refuse("{} must be true or false, not \"{}\"", spec.name, text);
  }
  if (std::holds_alternative<double>(spec.fallback)) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      refuse("{} must be a number, not \"{}\"", spec.name, text);
    }
    return number;
  }
  return std::string(text);
}

// Whole numbers in full: 1000000000, not 1e+09.
static std::string plain(double number) {
  const bool is_short = number == std::floor(number) && std::abs(number) < 1e21;
  return is_short ? fmt::format("{:.0f}", number) : fmt::format("{:g}", number);
}

static void check_value(const ParamSpec& spec, const ParamValue& value) {
  if (value.index() != spec.fallback.index()) {
    refuse("{} must be {} {}, not \"{}\"", spec.name, spec.type() == "integer" ? "an" : "a",
           spec.type(), to_text(value));
  }
  if (const auto* number = std::get_if<double>(&value)) {
    if (!(*number >= spec.min && *number <= spec.max)) {  // Refuses NaN as well.
      refuse("{} must lie between {} and {}, not {}", spec.name, plain(spec.min), plain(spec.max),
             plain(*number));
    }
    if (spec.whole && *number != std::floor(*number)) {
      refuse("{} must be a whole number, not {:g}", spec.name, *number);
    }
  }
  if (const auto* text = std::get_if<std::string>(&value); text && !spec.choices.empty()) {
    if (std::find(spec.choices.begin(), spec.choices.end(), *text) == spec.choices.end()) {
      refuse("{} must be one of {}, not \"{}\"", spec.name, fmt::join(spec.choices, ", "), *text);
    }
  }
}

const ParamSpec* Params::find(std::string_view name) const {
  for (const ParamSpec& spec : specs_) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

void Params::set(std::string_view name, ParamValue value) {
  const ParamSpec* spec = find(name);
  if (!spec) {
    std::vector<std::string_view> names;
    for (const ParamSpec& known : specs_) names.push_back(known.name);
    if (names.empty()) refuse("there is no setting \"{}\" here: it takes none", name);
    refuse("there is no setting \"{}\"; the settings are {}", name, fmt::join(names, ", "));
  }
  check_value(*spec, value);
  values_[std::string(name)] = std::move(value);
}

void Params::set_text(std::string_view name, std::string_view text) {
  const ParamSpec* spec = find(name);
  set(name, spec ? parse_value(*spec, text) : ParamValue(std::string(text)));
}

const ParamValue& Params::value(std::string_view name) const {
  if (const auto given = values_.find(std::string(name)); given != values_.end())
    return given->second;
  const ParamSpec* spec = find(name);
  QUERIST_CHECK(spec != nullptr);
  return spec->fallback;
}

double Params::number(std::string_view name) const { return std::get<double>(value(name)); }
int64_t Params::integer(std::string_view name) const { return static_cast<int64_t>(number(name)); }
bool Params::flag(std::string_view name) const { return std::get<bool>(value(name)); }
const std::string& Params::text(std::string_view name) const {
  return std::get<std::string>(value(name));
}

}  // namespace querist
