// Typed reads of paths and queries.
#include "api/request.h"

#include <charconv>

#include "base/check.h"
#include "base/error.h"

namespace querist::api {

static std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

const std::string& Request::id(std::string_view name) const {
  for (const auto& [known, value] : ids) {
    if (known == name) return value;
  }
  QUERIST_CHECK(false);
  return path;
}

int64_t Request::number_id(std::string_view name) const {
  const auto number = whole_number(id(name));
  if (!number || *number < 1) fail(Code::not_found, "there is no {} \"{}\"", name, id(name));
  return *number;
}

const std::string* Request::query_text(std::string_view name) const {
  for (const auto& [known, value] : query) {
    if (known == name) return &value;
  }
  return nullptr;
}

int64_t Request::query_integer(std::string_view name, int64_t fallback, int64_t min,
                               int64_t max) const {
  const std::string* text = query_text(name);
  if (!text) return fallback;
  const auto number = whole_number(*text);
  if (!number || *number < min || *number > max) {
    refuse("?{}= must be a whole number from {} to {}, not \"{}\"", name, min, max, *text);
  }
  return *number;
}

bool Request::query_flag(std::string_view name) const {
  const std::string* text = query_text(name);
  if (!text || *text == "false") return false;
  if (*text != "true") refuse("?{}= must be true or false, not \"{}\"", name, *text);
  return true;
}

std::optional<int64_t> Request::maybe_after() const {
  return query_text("after") ? std::optional(after()) : std::nullopt;
}

const Actor& Request::who() const {
  QUERIST_CHECK(actor.has_value());
  return *actor;
}

}  // namespace querist::api
