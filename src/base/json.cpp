// Bounded parsing, canonical text and typed reads over the JSON library.
#include "base/json.h"

#include <algorithm>

#include "base/error.h"

namespace querist {

Json parse_json(std::string_view text, int max_depth) {
  bool too_deep = false;
  const auto guard = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > max_depth) too_deep = true;
    if (too_deep)
      fail(Code::invalid_argument, "the JSON is nested more than {} levels deep", max_depth);
    return true;
  };
  try {
    return Json::parse(text, guard);
  } catch (const Json::parse_error& error) {
    const bool utf8 = std::string_view(error.what()).find("UTF-8") != std::string_view::npos;
    refuse("the JSON cannot be read at byte {}{}", error.byte, utf8 ? ": it is not UTF-8" : "");
  } catch (const Json::exception& error) {
    refuse("the JSON cannot be read: {}", error.what());
  }
}

std::string canonical_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void allow_fields(const Json& object, std::span<const std::string_view> allowed,
                  std::string_view what) {
  if (!object.is_object()) refuse("{} must be a JSON object", what);
  for (const auto& [name, value] : object.items()) {
    if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
    refuse("{} has no field \"{}\"; its fields are {}", what, name, fmt::join(allowed, ", "));
  }
}

static const Json* present(const Json& object, std::string_view field) {
  if (!object.is_object()) refuse("a JSON object with \"{}\" was expected", field);
  const auto found = object.find(field);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

static const Json& required(const Json& object, std::string_view field) {
  const Json* value = present(object, field);
  if (!value) refuse("the field \"{}\" is missing", field);
  return *value;
}

static std::string as_text(const Json& value, std::string_view field) {
  if (!value.is_string()) refuse("the field \"{}\" must be a text", field);
  return value.get<std::string>();
}

static double as_number(const Json& value, std::string_view field) {
  if (!value.is_number()) refuse("the field \"{}\" must be a number", field);
  return value.get<double>();
}

static int64_t as_integer(const Json& value, std::string_view field) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) {
    refuse("the field \"{}\" is too large", field);
  }
  if (!value.is_number_integer()) refuse("the field \"{}\" must be a whole number", field);
  return value.get<int64_t>();
}

std::string json_text(const Json& object, std::string_view field) {
  return as_text(required(object, field), field);
}

std::string json_text(const Json& object, std::string_view field, std::string_view fallback) {
  const Json* value = present(object, field);
  return value ? as_text(*value, field) : std::string(fallback);
}

double json_number(const Json& object, std::string_view field) {
  return as_number(required(object, field), field);
}

double json_number(const Json& object, std::string_view field, double fallback) {
  const Json* value = present(object, field);
  return value ? as_number(*value, field) : fallback;
}

int64_t json_integer(const Json& object, std::string_view field) {
  return as_integer(required(object, field), field);
}

int64_t json_integer(const Json& object, std::string_view field, int64_t fallback) {
  const Json* value = present(object, field);
  return value ? as_integer(*value, field) : fallback;
}

bool json_flag(const Json& object, std::string_view field, bool fallback) {
  const Json* value = present(object, field);
  if (!value) return fallback;
  if (!value->is_boolean()) refuse("the field \"{}\" must be true or false", field);
  return value->get<bool>();
}

}  // namespace querist
