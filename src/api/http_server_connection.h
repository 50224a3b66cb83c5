// One connection as the I/O thread holds it: its socket, deadline and parser, and how bytes move.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "api/message.h"

namespace querist::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using TimePoint = std::chrono::steady_clock::time_point;
using Parser = http::request_parser<http::buffer_body>;

inline constexpr size_t piece_bytes = size_t{64} << 10;

inline TimePoint after(double seconds) {
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                std::chrono::duration<double>(seconds));
}

// A coroutine sleeps on it; raise(), on the I/O thread, wakes it, also when it was not asleep yet.
struct Wakeup {
  asio::steady_timer timer;
  bool raised = false;

  void raise() {
    raised = true;
    timer.cancel();
  }
  awaitable<void> wait(TimePoint deadline = TimePoint::max()) {
    if (!raised) {
      error_code ignored;
      timer.expires_at(deadline);
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    raised = false;
  }
};

enum class BodyEnd { complete, more, too_large, too_slow, broken };

// A client's connection and the request on it. Used on the I/O thread only.
struct Connection : std::enable_shared_from_this<Connection> {
  Connection(tcp::socket socket, size_t max_buffer);

  // What reads or writes from now on is cancelled when the time is over; the socket stays usable,
  // so that the client can be told.
  void until(TimePoint time);
  void close();

  // One piece of the body, within the time that a client at 1 KiB a second would need.
  awaitable<BodyEnd> read_piece(double patience_seconds, std::string& piece);
  // False when the client has gone or takes too long.
  awaitable<bool> write(const Response& response, bool keep_alive, bool head_only,
                        double patience_seconds);
  awaitable<bool> write_text(std::string_view text, double patience_seconds);
  // Closes our half and drops what still arrives for a moment, so that the client reads the answer
  // and not a reset.
  awaitable<void> linger(double seconds);

  tcp::socket stream;
  beast::flat_buffer buffer;
  Wakeup wakeup;
  asio::steady_timer deadline;
  uint64_t deadlines = 0;  // How many were set; a deadline moved meanwhile does nothing.
  bool timed_out = false;
  std::string remote;
  std::optional<Parser> parser;
  std::shared_ptr<BodyStream> body;
  std::shared_ptr<EventFeed> feed;
  bool idle = false;       // Between requests.
  bool answered = false;   // The worker has finished with the request that runs.
  double body_waited = 0;  // Seconds spent waiting for bytes of the body.
  uint64_t body_bytes = 0;
  std::list<Connection*>::iterator place, idle_place;
};

using SharedConnection = std::shared_ptr<Connection>;

// Every connection holds a descriptor: raises the soft limit as far as the system lets us.
void allow_descriptors(size_t wanted);

// Binds and listens; returns the port, chosen when 0 was asked for. Throws unavailable, saying what
// to do.
uint16_t listen_on(tcp::acceptor& acceptor, const std::string& host, uint16_t port);

}  // namespace querist::api
