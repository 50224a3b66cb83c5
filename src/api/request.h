// A request as a handler sees it: matched, checked, and with the person or program that sent it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http_text.h"
#include "api/message.h"
#include "base/json.h"
#include "data/records.h"

namespace querist::api {

enum class SignedInBy { one_person, session, token };

struct Actor {
  std::string name;
  Role role = Role::annotator;
  SignedInBy by = SignedInBy::one_person;
  std::string csrf_token;  // Of a session.
};

struct Request {
  const Incoming& incoming;
  std::string path;
  std::vector<std::pair<std::string_view, std::string>> ids;  // Decoded parts of the path, by name.
  QueryItems query;
  Json body;  // An object with none but declared fields; empty for routes that take no JSON.
  std::optional<Actor> actor;
  std::string request_id;
  std::string idempotency_key;

  // A parameter of the path; asking for one that the pattern lacks is a bug.
  const std::string& id(std::string_view name) const;
  int64_t number_id(std::string_view name) const;

  const std::string* query_text(std::string_view name) const;  // Null when it is not given.
  int64_t query_integer(std::string_view name, int64_t fallback, int64_t min, int64_t max) const;
  bool query_flag(std::string_view name) const;  // false when it is not given.
  // ?limit= and ?after= of lists.
  size_t limit(size_t fallback = 50) const {
    return static_cast<size_t>(query_integer("limit", static_cast<int64_t>(fallback), 1, 1000));
  }
  int64_t after() const { return query_integer("after", 0, 0, INT64_MAX); }
  std::optional<int64_t> maybe_after() const;

  // Who acts; only on routes that name a role.
  const Actor& who() const;
};

}  // namespace querist::api
