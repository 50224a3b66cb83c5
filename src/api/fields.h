// Fields that describe themselves: one row each checks a request, documents it and describes an
// answer.
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"

namespace querist::api {

enum class FieldType { text, integer, number, flag, list, object, any, time };

struct Field {
  std::string_view name;
  FieldType type = FieldType::text;
  std::string_view help{};
  bool required = false;
};

using Fields = std::vector<Field>;

// Refuses fields that no row declares, missing required ones and wrong types, naming the field.
// null counts as absent.
void check_fields(const Json& body, const Fields& fields, std::string_view what);

// The JSON Schema of one field and of an object of such fields.
Json field_schema(const Field& field);
Json object_schema(const Fields& fields, bool closed);

}  // namespace querist::api
