// The HTTP/1.1 server: one I/O thread holds every connection, a fixed pool of workers answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/message.h"
#include "base/params.h"

namespace querist::api {

// The rows of every bound below; the command line, the config file and the reference read them.
ParamSpecs server_settings();

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free one.
  size_t workers = 8;
  size_t stream_workers = 4;
  size_t max_queued_requests = 1024;
  size_t max_connections = 10'000;
  size_t max_header_bytes = size_t{16} << 10;
  size_t max_held_body_bytes = size_t{256} << 20;
  double header_seconds = 10;
  double body_seconds = 30;
  double idle_seconds = 75;
  double write_seconds = 30;
  double drain_seconds = 20;
  double comment_seconds = 15;
};

ServerOptions server_options(const Params& params);

struct ServerCounts {
  size_t connections = 0;
  size_t running = 0;  // Requests being answered, open feeds not counted.
  size_t feeds = 0;
};

class HttpServer {
 public:
  // Listens and begins to serve. Throws Error{unavailable} when the address cannot be had, saying
  // what to do.
  HttpServer(const ServerOptions& options, Door door);
  ~HttpServer();

  uint16_t port() const;
  ServerCounts counts() const;

  // Takes no new connection, finishes the requests that run, closes open feeds, and returns when
  // all is done. What has not ended after drain_seconds is cut. Safe to call twice; not from a
  // handler.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace querist::api
