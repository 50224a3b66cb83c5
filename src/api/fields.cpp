// Checks a JSON object against its rows, and writes the rows as JSON Schema.
#include "api/fields.h"

#include "base/error.h"

namespace querist::api {

static bool fits(const Json& value, FieldType type) {
  switch (type) {
    case FieldType::text:
      return value.is_string();
    case FieldType::time:
      return value.is_string();
    case FieldType::integer:
      return value.is_number_integer();
    case FieldType::number:
      return value.is_number();
    case FieldType::flag:
      return value.is_boolean();
    case FieldType::list:
      return value.is_array();
    case FieldType::object:
      return value.is_object();
    case FieldType::any:
      return true;
  }
  return false;
}

static std::string_view type_words(FieldType type) {
  switch (type) {
    case FieldType::text:
      return "a text";
    case FieldType::time:
      return "a time as text (RFC 3339)";
    case FieldType::integer:
      return "a whole number";
    case FieldType::number:
      return "a number";
    case FieldType::flag:
      return "true or false";
    case FieldType::list:
      return "a list";
    case FieldType::object:
      return "an object";
    case FieldType::any:
      return "anything";
  }
  return "";
}

void check_fields(const Json& body, const Fields& fields, std::string_view what) {
  if (!body.is_object()) refuse("{} must be a JSON object", what);
  std::vector<std::string_view> names;
  for (const Field& field : fields) names.push_back(field.name);
  if (names.empty() && !body.empty()) {
    refuse("{} has no field \"{}\"; it takes none", what, body.begin().key());
  }
  allow_fields(body, names, what);
  for (const Field& field : fields) {
    const auto found = body.find(field.name);
    const bool absent = found == body.end() || found->is_null();
    if (absent && field.required) refuse("the field \"{}\" is missing", field.name);
    if (!absent && !fits(*found, field.type)) {
      refuse("the field \"{}\" must be {}", field.name, type_words(field.type));
    }
  }
}

Json field_schema(const Field& field) {
  Json schema = Json::object();
  switch (field.type) {
    case FieldType::text:
      schema["type"] = "string";
      break;
    case FieldType::time:
      schema = {{"type", "string"}, {"format", "date-time"}};
      break;
    case FieldType::integer:
      schema["type"] = "integer";
      break;
    case FieldType::number:
      schema["type"] = "number";
      break;
    case FieldType::flag:
      schema["type"] = "boolean";
      break;
    case FieldType::list:
      schema = {{"type", "array"}, {"items", Json::object()}};
      break;
    case FieldType::object:
      schema["type"] = "object";
      break;
    case FieldType::any:
      break;
  }
  if (!field.required && schema.contains("type")) schema["type"] = {schema["type"], "null"};
  if (!field.help.empty()) schema["description"] = field.help;
  return schema;
}

Json object_schema(const Fields& fields, bool closed) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields) {
    properties[std::string(field.name)] = field_schema(field);
    if (field.required) required.push_back(field.name);
  }
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  if (closed) schema["additionalProperties"] = false;
  return schema;
}

}  // namespace querist::api
