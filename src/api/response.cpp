// Errors and objects as HTTP answers.
#include "api/response.h"

namespace querist::api {

Response json_response(int status, const Json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

int status_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return 400;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::unauthenticated:
      return 401;
    case Code::permission_denied:
      return 403;
    case Code::resource_exhausted:
      return 429;
    case Code::unavailable:
      return 503;
    case Code::cancelled:
      return 503;
    case Code::internal:
      return 500;
  }
  return 500;
}

static std::string_view word_of(int status) {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "permission_denied";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 409:
      return "conflict";
    case 408:
      return "cancelled";
    case 413:
    case 429:
    case 431:
      return "resource_exhausted";
    case 500:
      return "internal";
    case 503:
      return "unavailable";
    default:
      return "invalid_argument";
  }
}

Response problem(int status, std::string_view code, std::string_view message,
                 std::string_view request_id) {
  Json error = {{"code", code}, {"message", message}};
  if (!request_id.empty()) error["request_id"] = request_id;
  return json_response(status, {{"error", std::move(error)}});
}

Response problem(int status, std::string_view message, std::string_view request_id) {
  return problem(status, word_of(status), message, request_id);
}

}  // namespace querist::api
