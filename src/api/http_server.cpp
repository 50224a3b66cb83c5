// Connections as coroutines on one I/O thread; the only file that knows the HTTP library.
#include "api/http_server.h"

#include <sys/resource.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <atomic>
#include <future>
#include <list>
#include <optional>
#include <thread>

#include "api/body_stream.h"
#include "api/event_feed.h"
#include "api/http_text.h"
#include "api/worker_pool.h"
#include "base/error.h"
#include "base/log.h"

namespace querist::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using TimePoint = std::chrono::steady_clock::time_point;
using Parser = http::request_parser<http::buffer_body>;

namespace {

constexpr size_t piece_bytes = size_t{64} << 10;

TimePoint after(double seconds) {
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

struct Connection : std::enable_shared_from_this<Connection> {
  Connection(tcp::socket socket, size_t max_buffer)
      : stream(std::move(socket)),
        buffer(max_buffer),
        wakeup{asio::steady_timer(stream.get_executor())},
        deadline(stream.get_executor()) {
    error_code ignored;
    const auto peer = stream.remote_endpoint(ignored);
    if (!ignored) remote = peer.address().to_string();
    stream.set_option(tcp::no_delay(true), ignored);
  }

  // What reads or writes from now on is cancelled when the time is over; the socket stays usable,
  // so that the client can be told. Cancelled again until the deadline is moved, because a cancel
  // between two steps of a write hits neither.
  void until(TimePoint time) {
    timed_out = false;
    const uint64_t mine = ++deadlines;
    deadline.expires_at(time);
    deadline.async_wait([self = weak_from_this(), mine](error_code ec) {
      const auto alive = self.lock();
      if (ec || !alive || alive->deadlines != mine) return;
      alive->until(after(0.1));
      alive->timed_out = true;
      error_code ignored;
      alive->stream.cancel(ignored);
    });
  }

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
  bool idle = false;      // Between requests.
  bool answered = false;  // The worker has finished with the request that runs.
  bool must_close = false;
  double body_waited = 0;  // Seconds spent waiting for bytes of the body.
  uint64_t body_bytes = 0;
  std::list<Connection*>::iterator place, idle_place;

  void close() {
    error_code ignored;
    stream.shutdown(tcp::socket::shutdown_both, ignored);
    stream.close(ignored);
    deadline.cancel();
  }
};

using Shared = std::shared_ptr<Connection>;

enum class BodyEnd { complete, more, too_large, too_slow, broken };

}  // namespace

struct HttpServer::Impl {
  Impl(const ServerOptions& given, Door doors)
      : options(given),
        door(std::move(doors)),
        workers(given.workers, given.max_queued_requests),
        stream_workers(given.stream_workers, given.max_queued_requests) {}

  void listen();
  awaitable<void> accept();
  awaitable<void> serve(Shared connection);
  awaitable<bool> exchange(Connection& c);
  awaitable<bool> first_bytes(Connection& c);
  awaitable<bool> refuse(Connection& c, int status, std::string message);
  awaitable<BodyEnd> read_piece(Connection& c, std::string& piece);
  awaitable<BodyEnd> read_body(Connection& c, size_t limit, std::string& body);
  awaitable<void> run_handler(Shared c, bool streamed, Incoming& incoming, Response& response);
  awaitable<void> feed_body(Connection& c, bool expects_continue);
  awaitable<bool> write(Connection& c, const Response& response, bool keep_alive, bool head_only);
  awaitable<bool> write_text(Connection& c, std::string_view text);
  awaitable<void> serve_feed(Connection& c);
  awaitable<void> watch_peer(Shared c);
  awaitable<void> linger(Connection& c);
  void begin_drain();
  void cut_all();
  void make_room();
  void ended(Connection& c);

  ServerOptions options;
  Door door;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  std::list<Connection*> connections;
  std::list<Connection*> idle;  // The longest idle one first.
  size_t held_body_bytes = 0;
  bool draining = false;
  std::promise<void> drained;
  std::atomic<size_t> open_connections = 0, running = 0, feeds = 0;
  WorkerPool workers, stream_workers;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard;
  std::thread thread;
  bool stopped = false;
};

// Every connection holds a descriptor; the soft limit is raised as far as the system lets us.
static void allow_descriptors(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted + 256) return;
  limit.rlim_cur = std::min<rlim_t>(wanted + 256, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

void HttpServer::Impl::listen() {
  error_code ec;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(options.host, std::to_string(options.port), ec);
  if (ec || found.empty()) {
    fail(Code::unavailable,
         "the host \"{}\" to listen on cannot be found ({}); give an address of this machine",
         options.host, ec.message());
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec == asio::error::address_in_use) {
    fail(Code::unavailable,
         "port {} on {} is taken by another program; choose another with --port, or stop that "
         "program",
         options.port, options.host);
  }
  if (ec) {
    fail(Code::unavailable, "cannot listen on {} port {} ({}); choose another --host or --port",
         options.host, options.port, ec.message());
  }
}

awaitable<void> HttpServer::Impl::accept() {
  while (acceptor.is_open()) {
    error_code ec;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
    if (!acceptor.is_open()) break;
    if (ec) {  // Out of descriptors, mostly: closing an idle connection and a pause help.
      log_warning("a connection could not be accepted", {{"reason", ec.message()}});
      if (!idle.empty()) idle.front()->close();
      asio::steady_timer pause(io, std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
      continue;
    }
    if (connections.size() >= options.max_connections) make_room();
    auto connection =
        std::make_shared<Connection>(std::move(socket), options.max_header_bytes + 2 * piece_bytes);
    connection->place = connections.insert(connections.end(), connection.get());
    ++open_connections;
    asio::co_spawn(io, serve(connection), asio::detached);
  }
}

// With every place taken, the connection that has been idle longest gives up its own.
void HttpServer::Impl::make_room() {
  if (!idle.empty()) idle.front()->close();
}

void HttpServer::Impl::ended(Connection& c) {
  if (c.idle) idle.erase(c.idle_place);
  connections.erase(c.place);
  --open_connections;
  if (draining && connections.empty()) drained.set_value();
}

awaitable<void> HttpServer::Impl::serve(Shared connection) {
  Connection& c = *connection;
  try {
    if (connections.size() > options.max_connections + 1) {
      co_await refuse(c, 503, "the server holds as many connections as it may; try again shortly");
    } else {
      bool again = true;
      while (again) again = co_await exchange(c);
    }
  } catch (const std::exception& error) {
    log_warning("a connection ended badly", {{"remote", c.remote}, {"reason", error.what()}});
  }
  c.close();
  ended(c);
}

// Waits for the next request's first bytes; false when the connection is to end.
awaitable<bool> HttpServer::Impl::first_bytes(Connection& c) {
  if (c.buffer.size() > 0) co_return true;
  if (draining) co_return false;
  c.idle = true;
  c.idle_place = idle.insert(idle.end(), &c);
  error_code ec;
  c.until(after(options.idle_seconds));
  const size_t count = co_await c.stream.async_read_some(
      c.buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, ec));
  c.buffer.commit(count);
  idle.erase(c.idle_place);
  c.idle = false;
  co_return !ec;
}

static Incoming incoming_from(const Parser& parser, const Connection& c) {
  const auto& head = parser.get();
  Incoming incoming;
  incoming.method = std::string(head.method_string());
  incoming.target = std::string(head.target());
  for (const auto& field : head) {
    incoming.headers.push_back({lower_case(field.name_string()), std::string(field.value())});
  }
  incoming.remote = c.remote;
  return incoming;
}

// One request and its answer; false when the connection is to end.
awaitable<bool> HttpServer::Impl::exchange(Connection& c) {
  const bool begun = co_await first_bytes(c);
  if (!begun) co_return false;
  c.parser.emplace();
  c.parser->header_limit(static_cast<uint32_t>(options.max_header_bytes));
  c.parser->body_limit(boost::none);
  c.must_close = false;
  error_code ec;
  c.until(after(options.header_seconds));
  co_await http::async_read_header(c.stream, c.buffer, *c.parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  if (ec && c.timed_out) {
    co_return co_await refuse(c, 408, "the request's headers took too long to arrive");
  }
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    co_return co_await refuse(
        c, 431, fmt::format("the request's headers may have {} bytes", options.max_header_bytes));
  }
  if (ec == http::error::end_of_stream) co_return false;
  if (ec && ec.category() == http::make_error_code(http::error::bad_method).category()) {
    co_return co_await refuse(c, 400, fmt::format("this is no HTTP request ({})", ec.message()));
  }
  if (ec) co_return false;

  Incoming incoming = incoming_from(*c.parser, c);
  const BodyPlan plan = door.plan(incoming);
  const auto length = c.parser->content_length();
  if (length && *length > plan.limit) {
    co_return co_await refuse(
        c, 413, fmt::format("the body may have {} bytes here, not {}", plan.limit, *length));
  }
  c.parser->body_limit(plan.limit);
  c.body_waited = 0;
  c.body_bytes = 0;
  const std::string_view expectation = incoming.header("expect");
  const bool expects_continue = equal_ignoring_case(expectation, "100-continue");
  if (!expectation.empty() && !expects_continue)
    co_return co_await refuse(c, 417, "the only expectation known is 100-continue");

  const bool streamed = plan.streamed && !c.parser->is_done();
  size_t held = 0;
  if (!streamed && !c.parser->is_done()) {
    held = static_cast<size_t>(length ? *length : plan.limit);
    if (held_body_bytes + held > options.max_held_body_bytes) {
      co_return co_await refuse(
          c, 503, "the server holds as many request bodies as it may; try again shortly");
    }
    held_body_bytes += held;
    if (expects_continue) co_await write_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
    const BodyEnd end = co_await read_body(c, plan.limit, incoming.body);
    held_body_bytes -= held;
    if (end == BodyEnd::too_large)
      co_return co_await refuse(c, 413, fmt::format("the body may have {} bytes here", plan.limit));
    if (end == BodyEnd::too_slow)
      co_return co_await refuse(c, 408, "the request's body took too long to arrive");
    if (end != BodyEnd::complete)
      co_return co_await refuse(c, 400, "the request's body breaks off or is malformed");
  }
  held_body_bytes += incoming.body.size();
  const size_t counted = incoming.body.size();
  Response response;
  if (streamed) {
    c.body = std::make_shared<BodyStream>([self = c.weak_from_this(), this] {
      asio::post(io, [self] {
        if (const Shared alive = self.lock()) alive->wakeup.raise();
      });
    });
    incoming.stream = c.body;
  } else if (plan.streamed) {
    incoming.stream = std::make_shared<BodyStream>([] {});
    incoming.stream->finish();
  }
  ++running;
  c.until(TimePoint::max());
  co_await run_handler(c.shared_from_this(), streamed, incoming, response);
  if (streamed) co_await feed_body(c, expects_continue);
  while (!c.answered) co_await c.wakeup.wait();
  --running;
  c.body = nullptr;
  held_body_bytes -= counted;
  const bool whole = c.parser->is_done();
  const bool keep_alive =
      whole && !draining && !c.must_close && !response.feed && c.parser->get().keep_alive();
  const bool written = co_await write(c, response, keep_alive, incoming.method == "HEAD");
  if (!written) co_return false;
  if (!keep_alive && !response.feed) co_await linger(c);
  if (response.feed && incoming.method != "HEAD") {
    c.feed = response.feed;
    co_await serve_feed(c);
  }
  co_return keep_alive;
}

// Hands the request to a worker; c.answered tells when `response` stands.
awaitable<void> HttpServer::Impl::run_handler(Shared c, bool streamed, Incoming& incoming,
                                              Response& response) {
  c->answered = false;
  WorkerPool& pool = streamed ? stream_workers : workers;
  const bool taken = pool.submit([this, c, &incoming, &response] {
    response = door.answer(incoming);
    asio::post(io, [c] {
      c->answered = true;
      error_code ignored;
      if (c->body)
        c->stream.cancel(ignored);  // A read of the rest of the body, which nobody wants now.
      c->wakeup.raise();
    });
  });
  if (!taken) {
    response = door.problem(503, "the server has more to do than it may queue; try again shortly");
    response.headers.push_back({"Retry-After", "1"});
    c->must_close = true;
    c->answered = true;
  }
  co_return;
}

// One piece of the body, within the time that a client at 1 KiB a second would need.
awaitable<BodyEnd> HttpServer::Impl::read_piece(Connection& c, std::string& piece) {
  piece.resize(piece_bytes);
  c.parser->get().body().data = piece.data();
  c.parser->get().body().size = piece.size();
  c.parser->get().body().more = true;
  const double allowance =
      options.body_seconds + static_cast<double>(c.body_bytes) / 1024 - c.body_waited;
  const TimePoint begin = std::chrono::steady_clock::now();
  error_code ec;
  c.until(after(std::min(options.body_seconds, std::max(allowance, 0.001))));
  co_await http::async_read_some(c.stream, c.buffer, *c.parser,
                                 asio::redirect_error(asio::use_awaitable, ec));
  c.body_waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  piece.resize(piece_bytes - c.parser->get().body().size);
  c.body_bytes += piece.size();
  if (ec == http::error::need_buffer) ec = {};
  if (ec == http::error::body_limit) co_return BodyEnd::too_large;
  if (ec && c.timed_out) co_return BodyEnd::too_slow;
  if (ec) co_return BodyEnd::broken;
  co_return c.parser->is_done() ? BodyEnd::complete : BodyEnd::more;
}

awaitable<BodyEnd> HttpServer::Impl::read_body(Connection& c, size_t limit, std::string& body) {
  BodyEnd end = BodyEnd::more;
  std::string piece;
  while (end == BodyEnd::more) {
    end = co_await read_piece(c, piece);
    body += piece;
    if (body.size() > limit) end = BodyEnd::too_large;
  }
  co_return end;
}

// Feeds a streamed body while its handler runs, no faster than the handler reads.
awaitable<void> HttpServer::Impl::feed_body(Connection& c, bool expects_continue) {
  const auto body = c.body;
  while (!c.answered && !c.parser->is_done()) {
    if (!body->has_room()) {
      co_await c.wakeup.wait();
      continue;
    }
    if (std::exchange(expects_continue, false)) {
      const bool sent = co_await write_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
      if (!sent) body->break_off("the client closed the connection");
    }
    std::string piece;
    const BodyEnd end = co_await read_piece(c, piece);
    body->feed(std::move(piece));
    if (end == BodyEnd::complete) body->finish();
    if (end == BodyEnd::too_large) body->break_off("the body is larger than it may be here", true);
    if (end == BodyEnd::too_slow) body->break_off("the request's body took too long to arrive");
    if (end == BodyEnd::broken) body->break_off("the request's body breaks off or is malformed");
    if (end != BodyEnd::more) break;
  }
}

awaitable<bool> HttpServer::Impl::write(Connection& c, const Response& response, bool keep_alive,
                                        bool head_only) {
  const std::string head = response_head(response, keep_alive);
  std::string_view body =
      response.fixed_body.empty() ? std::string_view(response.body) : response.fixed_body;
  if (head_only || response.status == 204 || response.status == 304) body = {};
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head),
                                                     asio::buffer(body.data(), body.size())};
  error_code ec;
  c.until(after(options.write_seconds + static_cast<double>(body.size()) / 65'536));
  co_await asio::async_write(c.stream, buffers, asio::redirect_error(asio::use_awaitable, ec));
  co_return !ec;
}

awaitable<bool> HttpServer::Impl::write_text(Connection& c, std::string_view text) {
  error_code ec;
  c.until(after(options.write_seconds));
  co_await asio::async_write(c.stream, asio::buffer(text.data(), text.size()),
                             asio::redirect_error(asio::use_awaitable, ec));
  co_return !ec;
}

// Answers without asking the door and ends the connection.
awaitable<bool> HttpServer::Impl::refuse(Connection& c, int status, std::string message) {
  const Response response = door.problem(status, message);
  const bool written = co_await write(c, response, false, false);
  if (written) co_await linger(c);
  co_return false;
}

// Closes our half and drops what still arrives for a moment, so that the client reads the answer
// and not a reset.
awaitable<void> HttpServer::Impl::linger(Connection& c) {
  error_code ec;
  c.stream.shutdown(tcp::socket::shutdown_send, ec);
  std::array<char, 4096> dropped;
  c.until(after(draining ? 0.2 : 1));
  for (size_t total = 0; !ec && total < (size_t{4} << 20);) {
    total += co_await c.stream.async_read_some(asio::buffer(dropped),
                                               asio::redirect_error(asio::use_awaitable, ec));
  }
}

// Sends what the feed brings until it closes, its client leaves, or its client reads too slowly.
awaitable<void> HttpServer::Impl::serve_feed(Connection& c) {
  const auto feed = c.feed;
  ++feeds;
  feed->on_change([self = c.weak_from_this(), this] {
    asio::post(io, [self] {
      const Shared alive = self.lock();
      if (!alive) return;
      if (alive->feed && alive->feed->dropped()) alive->close();
      alive->wakeup.raise();
    });
  });
  asio::co_spawn(io, watch_peer(c.shared_from_this()), asio::detached);
  if (draining) feed->close();
  bool open = true;
  while (open) {
    std::string text = feed->take();
    if (text.empty()) {
      if (feed->closed()) break;
      const TimePoint deadline = after(options.comment_seconds);
      co_await c.wakeup.wait(deadline);
      if (std::chrono::steady_clock::now() >= deadline) text = ":\n\n";
    }
    if (!text.empty()) open = co_await write_text(c, text);
  }
  feed->on_change({});
  feed->close();
  --feeds;
}

// Reads on an open feed's connection only to notice that the client has left.
awaitable<void> HttpServer::Impl::watch_peer(Shared c) {
  std::array<char, 256> dropped;
  error_code ec;
  for (size_t total = 0; !ec && total < 65'536;) {
    total += co_await c->stream.async_read_some(asio::buffer(dropped),
                                                asio::redirect_error(asio::use_awaitable, ec));
  }
  if (c->feed) c->feed->close();
}

void HttpServer::Impl::begin_drain() {
  draining = true;
  error_code ignored;
  acceptor.close(ignored);
  for (Connection* c : connections) {
    if (c->idle) c->close();
    if (c->feed) c->feed->close();
  }
  if (connections.empty()) drained.set_value();
}

void HttpServer::Impl::cut_all() {
  for (Connection* c : connections) {
    if (c->body) c->body->break_off("the server is stopping");
    c->close();
  }
}

HttpServer::HttpServer(const ServerOptions& options, Door door)
    : impl_(std::make_unique<Impl>(options, std::move(door))) {
  allow_descriptors(options.max_connections);
  impl_->listen();
  impl_->guard.emplace(impl_->io.get_executor());
  asio::co_spawn(impl_->io, impl_->accept(), asio::detached);
  impl_->thread = std::thread([impl = impl_.get()] { impl->io.run(); });
}

HttpServer::~HttpServer() { stop(); }

uint16_t HttpServer::port() const { return impl_->acceptor.local_endpoint().port(); }

ServerCounts HttpServer::counts() const {
  return {impl_->open_connections, impl_->running, impl_->feeds};
}

void HttpServer::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  auto drained = impl_->drained.get_future();
  asio::post(impl_->io, [impl = impl_.get()] { impl->begin_drain(); });
  const auto patience = std::chrono::duration<double>(impl_->options.drain_seconds);
  if (drained.wait_for(patience) != std::future_status::ready) {
    log_warning("requests were cut at the end of the drain",
                {{"connections", impl_->open_connections.load()}});
    asio::post(impl_->io, [impl = impl_.get()] { impl->cut_all(); });
  }
  impl_->workers.stop();
  impl_->stream_workers.stop();
  drained.wait();
  impl_->guard.reset();
  impl_->thread.join();
}

}  // namespace querist::api
