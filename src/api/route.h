// One row a route: what it is called, who may, what it takes and answers, and the function that
// does it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "api/fields.h"
#include "api/message.h"
#include "data/records.h"

namespace querist::api {

struct App;
struct Request;

using Handler = Response (*)(App& app, const Request& request);

enum class BodyKind { json, stream, none };

// How an Idempotency-Key is kept: with the handler in one transaction; after it, for handlers that
// cannot run inside one; or not at all, where an answer holds a secret.
enum class Repeat { in_transaction, kept_after, never };

inline constexpr std::optional<Role> anyone = std::nullopt;
inline constexpr size_t default_body_limit = size_t{1} << 20;

struct Route {
  std::string_view pattern;  // "POST /api/v1/projects/{project}/annotations"
  std::optional<Role> role;  // The least role that may; `anyone`: without signing in.
  Handler handler = nullptr;
  std::string_view summary{};
  Fields request{};  // Of the JSON body.
  Fields response{};
  Fields query{};
  int success = 200;
  bool is_list = false;  // The answer is {"items": [response], "next"}.
  BodyKind body = BodyKind::json;
  size_t body_limit = default_body_limit;
  Repeat repeat = Repeat::in_transaction;
  std::string_view media = "application/json";  // Of the answer.
  bool is_probe =
      false;  // Answered without a look at the store, so that a damaged one can be told.
};

using Routes = std::vector<Route>;

// Every route of every file in resources/.
const Routes& all_routes();

// The parameters of a path that are texts; all others are whole numbers.
constexpr bool is_text_parameter(std::string_view name) {
  return name == "project" || name == "alias" || name == "user" || name == "model";
}

namespace resources {
#define ENTRY(function, wire_name) Routes function();
#include "api_resources.list"
#undef ENTRY
}  // namespace resources

}  // namespace querist::api
