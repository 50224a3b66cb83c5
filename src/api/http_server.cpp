// Connections as coroutines on one I/O thread. The files http_server* alone know the HTTP library.
#include "api/http_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <future>
#include <list>
#include <optional>
#include <thread>

#include "api/body_stream.h"
#include "api/event_feed.h"
#include "api/http_server_connection.h"
#include "api/http_text.h"
#include "api/worker_pool.h"
#include "base/error.h"
#include "base/log.h"

namespace querist::api {

struct HttpServer::Impl {
  Impl(const ServerOptions& given, Door doors)
      : options(given),
        door(std::move(doors)),
        workers(given.workers, given.max_queued_requests),
        stream_workers(given.stream_workers, given.max_queued_requests) {}

  awaitable<void> accept();
  awaitable<void> serve(SharedConnection connection);
  awaitable<bool> exchange(Connection& c);
  awaitable<bool> read_head(Connection& c);
  awaitable<bool> take_body(Connection& c, size_t limit, bool expects_continue, std::string& body);
  awaitable<bool> answer(Connection& c, bool streamed, bool expects_continue, Incoming& incoming);
  awaitable<bool> first_bytes(Connection& c);
  awaitable<bool> refuse(Connection& c, int status, std::string message);
  bool start_handler(SharedConnection c, bool streamed, Incoming& incoming, Response& response);
  awaitable<void> feed_body(Connection& c, bool expects_continue);
  awaitable<void> serve_feed(Connection& c);
  awaitable<void> watch_peer(SharedConnection c);
  void begin_drain();
  void cut_all();
  void make_room();
  double linger_seconds() const { return draining ? 0.2 : 1; }
  void ended(Connection& c);

  ServerOptions options;
  Door door;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  uint16_t port = 0;
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

awaitable<void> HttpServer::Impl::serve(SharedConnection connection) {
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

// Reads a request's line and headers into the parser; false when there is none, or it was refused.
awaitable<bool> HttpServer::Impl::read_head(Connection& c) {
  c.parser.emplace();
  c.parser->header_limit(static_cast<uint32_t>(options.max_header_bytes));
  c.parser->body_limit(boost::none);
  error_code ec;
  c.until(after(options.header_seconds));
  co_await http::async_read_header(c.stream, c.buffer, *c.parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  const bool too_slow = ec && c.timed_out;
  c.until(TimePoint::max());
  if (too_slow) co_return co_await refuse(c, 408, "the request's headers took too long to arrive");
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    co_return co_await refuse(
        c, 431, fmt::format("the request's headers may have {} bytes", options.max_header_bytes));
  }
  if (ec == http::error::end_of_stream) co_return false;
  if (ec && ec.category() == http::make_error_code(http::error::bad_method).category()) {
    co_return co_await refuse(c, 400, fmt::format("this is no HTTP request ({})", ec.message()));
  }
  co_return !ec;
}

// One request and its answer; false when the connection is to end.
awaitable<bool> HttpServer::Impl::exchange(Connection& c) {
  bool going = co_await first_bytes(c);
  if (going) going = co_await read_head(c);
  if (!going) co_return false;
  Incoming incoming = incoming_from(*c.parser, c);
  const BodyPlan plan = door.plan(incoming);
  const auto length = c.parser->content_length();
  if (length && *length > plan.limit) {
    co_return co_await refuse(
        c, 413, fmt::format("the body may have {} bytes here, not {}", plan.limit, *length));
  }
  const std::string_view expectation = incoming.header("expect");
  const bool expects_continue = equal_ignoring_case(expectation, "100-continue");
  if (!expectation.empty() && !expects_continue) {
    co_return co_await refuse(c, 417, "the only expectation known is 100-continue");
  }
  c.parser->body_limit(plan.limit);
  c.body_waited = 0;
  c.body_bytes = 0;
  const bool has_body = !c.parser->is_done();
  if (has_body && !plan.streamed) {
    going = co_await take_body(c, plan.limit, expects_continue, incoming.body);
    if (!going) co_return false;
  }
  if (plan.streamed && !has_body) {
    incoming.stream = std::make_shared<BodyStream>([] {});
    incoming.stream->finish();
  }
  const size_t held = incoming.body.size();
  held_body_bytes += held;
  going = co_await answer(c, plan.streamed && has_body, expects_continue, incoming);
  held_body_bytes -= held;
  co_return going;
}

// Reads a body whole; false when it was refused.
awaitable<bool> HttpServer::Impl::take_body(Connection& c, size_t limit, bool expects_continue,
                                            std::string& body) {
  const auto length = c.parser->content_length();
  const size_t held = length ? static_cast<size_t>(*length) : limit;
  if (held_body_bytes + held > options.max_held_body_bytes) {
    co_return co_await refuse(
        c, 503, "the server holds as many request bodies as it may; try again shortly");
  }
  held_body_bytes += held;
  if (expects_continue) {
    co_await c.write_text("HTTP/1.1 100 Continue\r\n\r\n", options.write_seconds);
  }
  BodyEnd end = BodyEnd::more;
  std::string piece;
  while (end == BodyEnd::more) {
    end = co_await c.read_piece(options.body_seconds, piece);
    body += piece;
    if (body.size() > limit) end = BodyEnd::too_large;
  }
  held_body_bytes -= held;
  if (end == BodyEnd::complete) co_return true;
  if (end == BodyEnd::too_large) {
    co_return co_await refuse(c, 413, fmt::format("the body may have {} bytes here", limit));
  }
  if (end == BodyEnd::too_slow) {
    co_return co_await refuse(c, 408, "the request's body took too long to arrive");
  }
  co_return co_await refuse(c, 400, "the request's body breaks off or is malformed");
}

// Has the request answered by a worker and writes what it says.
awaitable<bool> HttpServer::Impl::answer(Connection& c, bool streamed, bool expects_continue,
                                         Incoming& incoming) {
  Response response;
  if (streamed) {
    c.body = std::make_shared<BodyStream>([self = c.weak_from_this(), this] {
      asio::post(io, [self] {
        if (const SharedConnection alive = self.lock()) alive->wakeup.raise();
      });
    });
    incoming.stream = c.body;
  }
  ++running;
  const bool taken = start_handler(c.shared_from_this(), streamed, incoming, response);
  if (streamed) co_await feed_body(c, expects_continue);
  while (!c.answered) co_await c.wakeup.wait();
  --running;
  c.body = nullptr;
  const bool keep_alive =
      taken && c.parser->is_done() && !draining && !response.feed && c.parser->get().keep_alive();
  const bool head_only = incoming.method == "HEAD";
  const bool written = co_await c.write(response, keep_alive, head_only, options.write_seconds);
  if (!written) co_return false;
  if (response.feed && !head_only) {
    c.feed = response.feed;
    co_await serve_feed(c);
  } else if (!keep_alive) {
    co_await c.linger(linger_seconds());
  }
  co_return keep_alive;
}

// Hands the request to a worker; c.answered tells when `response` stands. False when none has time.
bool HttpServer::Impl::start_handler(SharedConnection c, bool streamed, Incoming& incoming,
                                     Response& response) {
  c->answered = false;
  WorkerPool& pool = streamed ? stream_workers : workers;
  const bool taken = pool.submit([this, c, &incoming, &response] {
    response = door.answer(incoming);
    asio::post(io, [c] {
      c->answered = true;
      error_code ignored;
      if (c->body) c->stream.cancel(ignored);  // Nobody wants the rest of the body now.
      c->wakeup.raise();
    });
  });
  if (!taken) {
    response = door.problem(503, "the server has more to do than it may queue; try again shortly");
    response.headers.push_back({"Retry-After", "1"});
    c->answered = true;
  }
  return taken;
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
      const bool sent =
          co_await c.write_text("HTTP/1.1 100 Continue\r\n\r\n", options.write_seconds);
      if (!sent) body->break_off("the client closed the connection");
    }
    std::string piece;
    const BodyEnd end = co_await c.read_piece(options.body_seconds, piece);
    body->feed(std::move(piece));
    if (end == BodyEnd::complete) body->finish();
    if (end == BodyEnd::too_large) body->break_off("the body is larger than it may be here", true);
    if (end == BodyEnd::too_slow) body->break_off("the request's body took too long to arrive");
    if (end == BodyEnd::broken) body->break_off("the request's body breaks off or is malformed");
    if (end != BodyEnd::more) break;
  }
}

// Answers without asking the door and ends the connection.
awaitable<bool> HttpServer::Impl::refuse(Connection& c, int status, std::string message) {
  const Response response = door.problem(status, message);
  const bool written = co_await c.write(response, false, false, options.write_seconds);
  if (written) co_await c.linger(linger_seconds());
  co_return false;
}

// Sends what the feed brings until it closes, its client leaves, or its client reads too slowly.
awaitable<void> HttpServer::Impl::serve_feed(Connection& c) {
  const auto feed = c.feed;
  ++feeds;
  feed->on_change([self = c.weak_from_this(), this] {
    asio::post(io, [self] {
      const SharedConnection alive = self.lock();
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
    if (!text.empty()) open = co_await c.write_text(text, options.write_seconds);
  }
  feed->on_change({});
  feed->close();
  --feeds;
}

// Reads on an open feed's connection only to notice that the client has left.
awaitable<void> HttpServer::Impl::watch_peer(SharedConnection c) {
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
  impl_->port = listen_on(impl_->acceptor, options.host, options.port);
  impl_->guard.emplace(impl_->io.get_executor());
  asio::co_spawn(impl_->io, impl_->accept(), asio::detached);
  impl_->thread = std::thread([impl = impl_.get()] { impl->io.run(); });
}

HttpServer::~HttpServer() { stop(); }

uint16_t HttpServer::port() const { return impl_->port; }

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
