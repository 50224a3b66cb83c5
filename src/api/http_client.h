// A client of one server: one kept connection, time limits, and retries that cannot change anything
// twice.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace querist::api {

// Where a server is: http or https, a name, a port and perhaps a path that a proxy put before it.
struct ServerAddress {
  bool secure = false;
  std::string host;
  std::string port;
  std::string prefix;  // "/querist"; without a slash at its end.
};
ServerAddress parse_address(std::string_view url);

struct ClientOptions {
  std::string url;
  std::string token;  // Empty: none is sent.
  double connect_seconds = 10;
  double answer_seconds = 600;   // An answer may have to train first.
  double patience_seconds = 20;  // How long a server that was there before may be away.
};

struct ClientRequest {
  std::string_view method;
  std::string target;
  std::string body{};
  std::string_view media = "application/json";
  bool once = false;  // The route keeps no answer under a key: never sent a second time.
};

class HttpClient {
 public:
  explicit HttpClient(ClientOptions options);
  ~HttpClient();

  // The body of a good answer. A bad one is thrown as the server's own words with its request_id;
  // a server that is not there as unavailable.
  std::string send(const ClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace querist::api
