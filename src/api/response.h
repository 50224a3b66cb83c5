// Answers in JSON: the few shapes that handlers reply with.
#pragma once

#include <string_view>

#include "api/message.h"
#include "base/error.h"
#include "base/json.h"

namespace querist::api {

Response json_response(int status, const Json& body);
inline Response ok(const Json& body) { return json_response(200, body); }
inline Response created(const Json& body) { return json_response(201, body); }
inline Response accepted(const Json& body) { return json_response(202, body); }
inline Response no_content() { return {.status = 204}; }

int status_of(Code code);
Response problem(int status, std::string_view code, std::string_view message,
                 std::string_view request_id);
// The server's own refusals, with the code word that goes with the status.
Response problem(int status, std::string_view message, std::string_view request_id = {});

// A page of a list: {"items", "next"}.
template <class Page, class Make>
Json list_json(const Page& page, Make&& make) {
  Json items = Json::array();
  for (const auto& item : page.items) items.push_back(make(item));
  return {{"items", std::move(items)},
          {"next", page.next ? Json(std::to_string(*page.next)) : Json()}};
}

}  // namespace querist::api
