// The rows of the server's bounds and how they become its options.
#include "api/http_server.h"

namespace querist::api {

static ParamSpecs size_settings() {
  return {
      {.name = "host", .fallback = "127.0.0.1", .help = "Address to listen on."},
      {.name = "port",
       .fallback = 8080,
       .min = 0,
       .max = 65'535,
       .whole = true,
       .help = "Port to listen on; 0: any free one."},
      {.name = "workers",
       .fallback = 8,
       .min = 1,
       .max = 256,
       .whole = true,
       .help = "Threads that answer requests."},
      {.name = "stream_workers",
       .fallback = 4,
       .min = 1,
       .max = 64,
       .whole = true,
       .help = "Threads that read large request bodies (imports)."},
      {.name = "max_queued_requests",
       .fallback = 1024,
       .min = 1,
       .max = 1'000'000,
       .whole = true,
       .help = "Requests that may wait for a thread; more are answered 503."},
      {.name = "max_connections",
       .fallback = 10'000,
       .min = 1,
       .max = 1'000'000,
       .whole = true,
       .help = "Connections held open; then the longest idle one is closed for a new one."},
      {.name = "max_header_bytes",
       .fallback = 16'384,
       .min = 1024,
       .max = 1'048'576,
       .whole = true,
       .help = "Bytes of a request's line and headers."},
      {.name = "max_held_body_bytes",
       .fallback = 268'435'456,
       .min = 1'048'576,
       .max = 1e12,
       .whole = true,
       .help = "Bytes of all request bodies in memory at once; more are answered 503."},
  };
}

static ParamSpecs time_settings() {
  return {
      {.name = "header_seconds",
       .fallback = 10.0,
       .min = 0.1,
       .max = 3600,
       .help = "Time a client has to send a request's headers."},
      {.name = "body_seconds",
       .fallback = 30.0,
       .min = 0.1,
       .max = 3600,
       .help =
           "Time without a byte, or below 1 KiB a second, after which a request body is given up."},
      {.name = "idle_seconds",
       .fallback = 75.0,
       .min = 0.1,
       .max = 86'400,
       .help = "Time a connection may stay open between requests."},
      {.name = "write_seconds",
       .fallback = 30.0,
       .min = 0.1,
       .max = 3600,
       .help = "Time a client has to take an answer, beside 64 KiB a second."},
      {.name = "drain_seconds",
       .fallback = 20.0,
       .min = 0,
       .max = 3600,
       .help = "Time that running requests have to finish when the server stops."},
      {.name = "comment_seconds",
       .fallback = 15.0,
       .min = 0.05,
       .max = 3600,
       .help = "Time between signs of life on an open event stream."},
  };
}

ParamSpecs server_settings() {
  ParamSpecs all = size_settings();
  for (const ParamSpec& spec : time_settings()) all.push_back(spec);
  return all;
}

ServerOptions server_options(const Params& params) {
  const auto count = [&](std::string_view name) {
    return static_cast<size_t>(params.integer(name));
  };
  return {
      .host = params.text("host"),
      .port = static_cast<uint16_t>(params.integer("port")),
      .workers = count("workers"),
      .stream_workers = count("stream_workers"),
      .max_queued_requests = count("max_queued_requests"),
      .max_connections = count("max_connections"),
      .max_header_bytes = count("max_header_bytes"),
      .max_held_body_bytes = count("max_held_body_bytes"),
      .header_seconds = params.number("header_seconds"),
      .body_seconds = params.number("body_seconds"),
      .idle_seconds = params.number("idle_seconds"),
      .write_seconds = params.number("write_seconds"),
      .drain_seconds = params.number("drain_seconds"),
      .comment_seconds = params.number("comment_seconds"),
  };
}

}  // namespace querist::api
