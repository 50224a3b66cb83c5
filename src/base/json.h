// JSON values for small bodies (the library's one home); canonical text for hashing.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace querist {

using Json = nlohmann::json;

// Parses one JSON text, at most max_depth containers deep; throws invalid_argument with the byte it
// stopped at.
Json parse_json(std::string_view text, int max_depth = 64);

// Keys sorted, no spaces, UTF-8 with invalid bytes replaced: equal values give equal bytes.
std::string canonical_json(const Json& value);

// Refuses a body that is no object or has a field outside the allowed names, naming the field.
void allow_fields(const Json& object, std::span<const std::string_view> allowed,
                  std::string_view what);

// Typed reads that name the field when it is missing or of another type.
std::string json_text(const Json& object, std::string_view field);
std::string json_text(const Json& object, std::string_view field, std::string_view fallback);
double json_number(const Json& object, std::string_view field);
double json_number(const Json& object, std::string_view field, double fallback);
int64_t json_integer(const Json& object, std::string_view field);
int64_t json_integer(const Json& object, std::string_view field, int64_t fallback);
bool json_flag(const Json& object, std::string_view field, bool fallback);

}  // namespace querist
