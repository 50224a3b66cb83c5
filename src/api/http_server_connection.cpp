// Reading and writing within deadlines.
#include "api/http_server_connection.h"

#include <sys/resource.h>

#include <boost/asio/write.hpp>

#include <array>

#include "api/http_text.h"
#include "base/error.h"

namespace querist::api {

Connection::Connection(tcp::socket socket, size_t max_buffer)
    : stream(std::move(socket)),
      buffer(max_buffer),
      wakeup{asio::steady_timer(stream.get_executor())},
      deadline(stream.get_executor()) {
  error_code ignored;
  const auto peer = stream.remote_endpoint(ignored);
  if (!ignored) remote = peer.address().to_string();
  stream.set_option(tcp::no_delay(true), ignored);
}

// Cancels again and again until the deadline is moved, because a cancel between two steps of a
// composed write hits neither.
void Connection::until(TimePoint time) {
  timed_out = false;
  const uint64_t mine = ++deadlines;
  deadline.expires_at(time);
  if (time == TimePoint::max()) return;
  deadline.async_wait([self = weak_from_this(), mine](error_code ec) {
    const auto alive = self.lock();
    if (ec || !alive || alive->deadlines != mine) return;
    alive->until(after(0.1));
    alive->timed_out = true;
    error_code ignored;
    alive->stream.cancel(ignored);
  });
}

void Connection::close() {
  error_code ignored;
  stream.shutdown(tcp::socket::shutdown_both, ignored);
  stream.close(ignored);
  deadline.cancel();
}

awaitable<BodyEnd> Connection::read_piece(double patience_seconds, std::string& piece) {
  piece.resize(piece_bytes);
  parser->get().body().data = piece.data();
  parser->get().body().size = piece.size();
  parser->get().body().more = true;
  const double allowance = patience_seconds + static_cast<double>(body_bytes) / 1024 - body_waited;
  const TimePoint begin = std::chrono::steady_clock::now();
  error_code ec;
  until(after(std::min(patience_seconds, std::max(allowance, 0.001))));
  co_await http::async_read_some(stream, buffer, *parser,
                                 asio::redirect_error(asio::use_awaitable, ec));
  const bool too_slow = timed_out;
  until(TimePoint::max());
  body_waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  piece.resize(piece_bytes - parser->get().body().size);
  body_bytes += piece.size();
  if (ec == http::error::need_buffer) ec = {};
  if (ec == http::error::body_limit) co_return BodyEnd::too_large;
  if (ec) co_return too_slow ? BodyEnd::too_slow : BodyEnd::broken;
  co_return parser->is_done() ? BodyEnd::complete : BodyEnd::more;
}

awaitable<bool> Connection::write(const Response& response, bool keep_alive, bool head_only,
                                  double patience_seconds) {
  const std::string head = response_head(response, keep_alive);
  std::string_view body =
      response.fixed_body.empty() ? std::string_view(response.body) : response.fixed_body;
  if (head_only || response.status == 204 || response.status == 304) body = {};
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head),
                                                     asio::buffer(body.data(), body.size())};
  error_code ec;
  until(after(patience_seconds + static_cast<double>(body.size()) / 65'536));
  co_await asio::async_write(stream, buffers, asio::redirect_error(asio::use_awaitable, ec));
  until(TimePoint::max());
  co_return !ec;
}

awaitable<bool> Connection::write_text(std::string_view text, double patience_seconds) {
  error_code ec;
  until(after(patience_seconds));
  co_await asio::async_write(stream, asio::buffer(text.data(), text.size()),
                             asio::redirect_error(asio::use_awaitable, ec));
  until(TimePoint::max());
  co_return !ec;
}

awaitable<void> Connection::linger(double seconds) {
  error_code ec;
  stream.shutdown(tcp::socket::shutdown_send, ec);
  std::array<char, 4096> dropped;
  until(after(seconds));
  for (size_t total = 0; !ec && total < (size_t{4} << 20);) {
    total += co_await stream.async_read_some(asio::buffer(dropped),
                                             asio::redirect_error(asio::use_awaitable, ec));
  }
}

void allow_descriptors(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted + 256) return;
  limit.rlim_cur = std::min<rlim_t>(wanted + 256, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

uint16_t listen_on(tcp::acceptor& acceptor, const std::string& host, uint16_t port) {
  error_code ec;
  tcp::resolver resolver(acceptor.get_executor());
  const auto found = resolver.resolve(host, std::to_string(port), ec);
  if (ec || found.empty()) {
    fail(Code::unavailable,
         "the host \"{}\" to listen on cannot be found ({}); give an address of this machine", host,
         ec.message());
  }
  // A name may mean both kinds of address; programs mostly try the older one.
  tcp::endpoint endpoint = found.begin()->endpoint();
  for (const auto& entry : found) {
    if (!endpoint.address().is_v4() && entry.endpoint().address().is_v4()) {
      endpoint = entry.endpoint();
    }
  }
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec == asio::error::address_in_use) {
    fail(Code::unavailable,
         "port {} on {} is taken by another program; choose another with --port, or stop that "
         "program",
         port, host);
  }
  if (ec) {
    fail(Code::unavailable, "cannot listen on {} port {} ({}); choose another --host or --port",
         host, port, ec.message());
  }
  return acceptor.local_endpoint().port();
}

}  // namespace querist::api
