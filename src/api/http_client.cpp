// Requests over Beast, plain or through TLS with the system's certificates; this file alone knows
// how.
#include "api/http_client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/json.h"

namespace querist::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;
using TlsStream = ssl::stream<beast::tcp_stream>;

static constexpr uint64_t max_answer_bytes = uint64_t{4} << 30;  // A model's file is the largest.

static std::chrono::nanoseconds nanoseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

ServerAddress parse_address(std::string_view url) {
  const auto wrong = [&] {
    refuse("the server's address is http://HOST:PORT or https://HOST:PORT, not \"{}\"", url);
  };
  ServerAddress address;
  std::string_view rest = url;
  address.secure = rest.starts_with("https://");
  if (!address.secure && !rest.starts_with("http://")) wrong();
  rest.remove_prefix(rest.find("//") + 2);
  if (rest.find_first_of("@?# ") != std::string_view::npos) wrong();
  const size_t slash = std::min(rest.find('/'), rest.size());
  address.prefix = rest.substr(slash);
  while (address.prefix.ends_with('/')) address.prefix.pop_back();
  rest = rest.substr(0, slash);
  const size_t colon =
      rest.find(':', rest.starts_with('[') ? std::min(rest.find(']'), rest.size()) : 0);
  address.port = colon == std::string_view::npos ? (address.secure ? "443" : "80")
                                                 : std::string(rest.substr(colon + 1));
  rest = rest.substr(0, colon);
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  address.host = rest;
  const bool digits = !address.port.empty() && address.port.size() <= 5 &&
                      address.port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || address.host.starts_with('[') || !digits) wrong();
  return address;
}

struct HttpClient::Impl {
  explicit Impl(ClientOptions given)
      : options(std::move(given)), address(parse_address(options.url)) {
    if (!address.secure) return;
    tls.set_default_verify_paths();  // SSL_CERT_FILE and SSL_CERT_DIR name others.
    tls.set_verify_mode(ssl::verify_peer);
  }

  awaitable<void> connect();
  awaitable<HttpResponse> exchange(const HttpRequest& request);
  HttpResponse try_once(const HttpRequest& request);
  HttpResponse try_until_answered(const ClientRequest& asked, const HttpRequest& request);
  HttpRequest request_of(const ClientRequest& asked);
  void drop() {
    plain.reset();
    secure.reset();
    buffer.clear();
  }

  ClientOptions options;
  ServerAddress address;
  asio::io_context io{1};
  ssl::context tls{ssl::context::tls_client};
  std::optional<beast::tcp_stream> plain;
  std::optional<TlsStream> secure;
  beast::flat_buffer buffer;
  bool was_there = false;  // The server has answered before.
};

awaitable<void> HttpClient::Impl::connect() {
  asio::ip::tcp::resolver resolver(io);
  const auto found = co_await resolver.async_resolve(address.host, address.port, use_awaitable);
  if (!address.secure) {
    plain.emplace(io);
    plain->expires_after(nanoseconds(options.connect_seconds));
    co_await plain->async_connect(found, use_awaitable);
    co_return;
  }
  secure.emplace(io, tls);
  secure->set_verify_callback(ssl::host_name_verification(address.host));
  SSL_set_tlsext_host_name(secure->native_handle(), address.host.c_str());
  secure->next_layer().expires_after(nanoseconds(options.connect_seconds));
  co_await secure->next_layer().async_connect(found, use_awaitable);
  co_await secure->async_handshake(ssl::stream_base::client, use_awaitable);
}

template <class Stream>
static awaitable<void> pass(Stream& stream, beast::tcp_stream& clock, const HttpRequest& request,
                            beast::flat_buffer& buffer,
                            http::response_parser<http::string_body>& parser, double seconds) {
  clock.expires_after(nanoseconds(seconds));
  co_await http::async_write(stream, request, use_awaitable);
  co_await http::async_read(stream, buffer, parser, use_awaitable);
}

awaitable<HttpResponse> HttpClient::Impl::exchange(const HttpRequest& request) {
  if (!plain && !secure) co_await connect();
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_answer_bytes);
  if (secure) {
    co_await pass(*secure, secure->next_layer(), request, buffer, parser, options.answer_seconds);
  } else {
    co_await pass(*plain, *plain, request, buffer, parser, options.answer_seconds);
  }
  co_return parser.release();
}

HttpResponse HttpClient::Impl::try_once(const HttpRequest& request) {
  HttpResponse answer;
  std::exception_ptr problem;
  io.restart();
  asio::co_spawn(io, exchange(request), [&](std::exception_ptr error, HttpResponse response) {
    problem = error;
    answer = std::move(response);
  });
  io.run();
  if (problem || !answer.keep_alive()) drop();
  if (problem) std::rethrow_exception(problem);
  return answer;
}

static std::string new_key() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

HttpRequest HttpClient::Impl::request_of(const ClientRequest& asked) {
  HttpRequest request(http::string_to_verb(std::string(asked.method)),
                      address.prefix + asked.target, 11, asked.body);
  const bool v6 = address.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + address.host + "]" : address.host;
  request.set(http::field::host, host + ":" + address.port);
  request.set(http::field::user_agent, "querist " QUERIST_VERSION);
  if (!options.token.empty()) request.set(http::field::authorization, "Bearer " + options.token);
  if (!asked.body.empty()) request.set(http::field::content_type, std::string(asked.media));
  if (asked.method != "GET" && !asked.once) request.set("Idempotency-Key", new_key());
  request.prepare_payload();
  return request;
}

// Busy or stopping: nothing was done, and asking again is what the server asks for.
static bool asks_to_wait(const HttpResponse& answer) {
  return answer.result_int() == 503 || answer.result_int() == 429;
}

HttpResponse HttpClient::Impl::try_until_answered(const ClientRequest& asked,
                                                  const HttpRequest& request) {
  const double begin = monotonic_seconds();
  for (double wait = 0.1;; wait = std::min(2 * wait, 2.0)) {
    const bool last = monotonic_seconds() - begin > options.patience_seconds;
    try {
      HttpResponse answer = try_once(request);
      was_there = true;
      if (last || !asks_to_wait(answer)) return answer;
    } catch (const boost::system::system_error& error) {
      if (!was_there) {
        fail(Code::unavailable, "cannot reach a server at {} ({}); is it running there?",
             options.url, error.code().message());
      }
      if (last || asked.once) {
        fail(Code::unavailable, "the server at {} went away ({}); run this again when it is back",
             options.url, error.code().message());
      }
    }
    std::this_thread::sleep_for(nanoseconds(wait));
  }
}

// The error that an answer tells of, with the id under which the server's log tells more.
[[noreturn]] static void raise(const std::string& url, const HttpResponse& answer) {
  const Json body = Json::parse(answer.body(), nullptr, false);
  if (!body.is_object() || !body.contains("error") || !body["error"].is_object()) {
    fail(Code::unavailable, "{} answered {} and not as Querist does; is it the server's address?",
         url, answer.result_int());
  }
  const Code code = code_of_word(json_text(body["error"], "code", ""));
  const std::string id = json_text(body["error"], "request_id", "");
  fail(code, "{}{}", json_text(body["error"], "message", "the request failed"),
       id.empty() ? "" : fmt::format(" (request {})", id));
}

HttpClient::HttpClient(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

std::string HttpClient::send(const ClientRequest& asked) {
  HttpResponse answer = impl_->try_until_answered(asked, impl_->request_of(asked));
  if (answer.result_int() < 200 || answer.result_int() > 299) raise(impl_->options.url, answer);
  return std::move(answer.body());
}

}  // namespace querist::api
