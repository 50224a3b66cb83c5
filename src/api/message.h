// What passes between the socket and the handlers: a request as it arrived and the answer to it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace querist::api {

class BodyStream;
class EventFeed;

struct Header {
  std::string name;
  std::string value;
};

struct Incoming {
  std::string method;
  std::string target;           // Path and query as sent.
  std::vector<Header> headers;  // Names in lower case.
  std::string remote;           // Address of the peer.
  std::string body;             // Whole, unless it is streamed.
  std::shared_ptr<BodyStream> stream;

  // The value of the first header of this name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const {
    for (const Header& header : headers) {
      if (header.name == name) return header.value;
    }
    return {};
  }
};

struct Response {
  int status = 200;
  std::vector<Header> headers{};
  std::string body{};
  std::string_view fixed_body{};      // Bytes that outlive the server, sent in place of `body`.
  std::shared_ptr<EventFeed> feed{};  // The answer stays open and sends what the feed brings.
};

// How a request's body is taken, decided from its head alone.
struct BodyPlan {
  size_t limit = 0;
  bool streamed = false;
};

// What the server asks of whoever answers.
struct Door {
  std::function<BodyPlan(const Incoming&)>
      plan;                                   // Runs on the I/O thread: must not block or throw.
  std::function<Response(Incoming&)> answer;  // Runs on a worker; must not throw.
  std::function<Response(int status, std::string_view message)>
      problem;  // The server's own refusals.
};

}  // namespace querist::api
