// Requests to routes, errors to statuses, and a line in the log for each.
#include "api/dispatch.h"

#include <algorithm>
#include <random>

#include "api/access.h"
#include "api/app.h"
#include "api/body_stream.h"
#include "api/repeat.h"
#include "api/response.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "storage/users.h"

namespace querist::api {

static constexpr std::string_view default_policy = "default-src 'none'; frame-ancestors 'none'";

std::string request_id_of(const Incoming& incoming) {
  const std::string_view given = incoming.header("x-request-id");
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  if (!given.empty() && given.size() <= 64 && std::all_of(given.begin(), given.end(), plain))
    return std::string(given);
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return fmt::format("{:016x}", generator());
}

static std::string_view path_of(const Incoming& incoming) {
  return std::string_view(incoming.target).substr(0, incoming.target.find('?'));
}

static bool changes_something(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

Dispatcher::Dispatcher(App& app, const Routes& routes, const std::vector<Asset>& assets)
    : app_(app), router_(routes), page_(assets) {}

Door Dispatcher::door() {
  return {.plan = [this](const Incoming& incoming) { return plan(incoming); },
          .answer = [this](Incoming& incoming) { return answer(incoming); },
          .problem =
              [](int status, std::string_view message) {
                Response response = problem(status, message);
                response.headers.push_back({"X-Content-Type-Options", "nosniff"});
                return response;
              }};
}

BodyPlan Dispatcher::plan(const Incoming& incoming) const {
  try {
    const Match match = router_.match(incoming.method, path_of(incoming));
    if (match.route) return {match.route->body_limit, match.route->body == BodyKind::stream};
  } catch (const Error&) {  // The answer says what is wrong with the path.
  }
  return {default_body_limit, false};
}

static void secure(Response& response, bool api) {
  const auto add = [&](const char* name, std::string_view value) {
    for (const Header& header : response.headers) {
      if (equal_ignoring_case(header.name, name)) return;
    }
    response.headers.push_back({name, std::string(value)});
  };
  add("Content-Security-Policy", default_policy);
  add("X-Content-Type-Options", "nosniff");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "same-origin");
  add("Cross-Origin-Opener-Policy", "same-origin");
  add("Cross-Origin-Resource-Policy", "same-origin");
  if (api) add("Cache-Control", "no-store");
}

Response Dispatcher::answer(Incoming& incoming) const {
  const double begin = monotonic_seconds();
  Request request{.incoming = incoming};
  request.request_id = request_id_of(incoming);
  const Route* route = nullptr;
  Response response;
  try {
    response = handle(incoming, request, route);
  } catch (const Error& error) {
    const bool too_large = incoming.stream && incoming.stream->too_large();
    response = problem(too_large ? 413 : status_of(error.code()), code_word(error.code()),
                       error.what(), request.request_id);
    if (error.code() == Code::internal)
      log_error("a request failed", {{"request_id", request.request_id}, {"reason", error.what()}});
    if (response.status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
    if (response.status == 503 || response.status == 429)
      response.headers.push_back({"Retry-After", "1"});
  } catch (const std::exception& error) {
    log_error("a request failed", {{"request_id", request.request_id}, {"reason", error.what()}});
    response =
        problem(500, "the server met a fault of its own; its log tells more under this request_id",
                request.request_id);
  }
  response.headers.push_back({"X-Request-Id", request.request_id});
  secure(response, is_api_path(path_of(incoming)));
  const double seconds = monotonic_seconds() - begin;
  const std::string_view pattern = route ? route->pattern : "other";
  app_.telemetry.count_request(pattern, response.status, seconds);
  const bool probe = route && route->role == anyone && response.status == 200;
  log(probe ? LogLevel::debug : LogLevel::info, "request answered",
      {{"method", incoming.method},
       {"path", path_of(incoming)},
       {"status", response.status},
       {"milliseconds", fmt::format("{:.1f}", seconds * 1000)},
       {"actor", request.actor ? request.actor->name : ""},
       {"remote", incoming.remote},
       {"request_id", request.request_id}});
  return response;
}

static void check_hosts(const Incoming& incoming) {
  const auto hosts = std::count_if(incoming.headers.begin(), incoming.headers.end(),
                                   [](const Header& header) { return header.name == "host"; });
  if (hosts != 1) refuse("a request must have exactly one Host header, not {}", hosts);
  if (!incoming.target.starts_with('/'))
    refuse("the request's target must be a path that begins with /");
}

Response Dispatcher::unmatched(const Incoming& incoming, const Request& request,
                               const Match& match) const {
  const bool reads = incoming.method == "GET" || incoming.method == "HEAD";
  if (match.methods.empty() && reads && !is_api_path(request.path))
    return page_.serve(request.path, incoming);
  if (match.methods.empty()) {
    return problem(
        404, fmt::format("there is nothing at {}; /openapi.json lists what there is", request.path),
        request.request_id);
  }
  std::vector<std::string_view> methods = match.methods;
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.push_back("HEAD");
  methods.push_back("OPTIONS");
  std::sort(methods.begin(), methods.end());
  const std::string allow = fmt::format("{}", fmt::join(methods, ", "));
  Response response{.status = 204};
  if (incoming.method != "OPTIONS") {
    response = problem(
        405, fmt::format("{} is not possible here; possible are {}", incoming.method, allow),
        request.request_id);
  }
  response.headers.push_back({"Allow", allow});
  return response;
}

void Dispatcher::authorise(const Incoming& incoming, Request& request, const Route& route,
                           bool one_person) const {
  request.actor = authenticate(app_.store, incoming, one_person);
  if (route.role && !request.actor) {
    if (app_.on_loopback || storage::has_users(app_.store)) {
      fail(Code::unauthenticated, "sign in, or send a token as Authorization: Bearer TOKEN");
    }
    fail(Code::unauthenticated,
         "no user is set up on this server; add one with: querist users add");
  }
  if (route.role && request.actor->role < *route.role) {
    fail(Code::permission_denied, "this needs the role {}; {} has {}", word(*route.role),
         request.actor->name, word(request.actor->role));
  }
  if (!changes_something(incoming.method)) return;
  if (!request.actor || request.actor->by != SignedInBy::token) check_origin(incoming);
  if (route.role && request.actor->by == SignedInBy::session) check_csrf(incoming, *request.actor);
}

static void check_query(const Request& request, const Route& route) {
  for (size_t i = 0; i < request.query.size(); ++i) {
    const std::string& name = request.query[i].first;
    const auto same = [&](const auto& row) { return row.name == name; };
    if (std::none_of(route.query.begin(), route.query.end(), same)) {
      std::vector<std::string_view> names;
      for (const Field& field : route.query) names.push_back(field.name);
      if (names.empty()) refuse("there is no ?{}= here; nothing may be asked after the path", name);
      refuse("there is no ?{}= here; there are {}", name, fmt::join(names, ", "));
    }
    for (size_t k = 0; k < i; ++k) {
      if (request.query[k].first == name) refuse("?{}= is given twice", name);
    }
  }
}

Response Dispatcher::handle(Incoming& incoming, Request& request, const Route*& route) const {
  check_hosts(incoming);
  auto path = percent_decode(path_of(incoming));
  if (!path) refuse("the path holds a broken or forbidden escape");
  request.path = std::move(*path);
  Match match = router_.match(incoming.method, path_of(incoming));
  const bool is_probe = match.route && match.route->is_probe;
  const bool one_person = !is_probe && one_person_mode(app_.store, app_.on_loopback);
  if (one_person) check_host(incoming);
  route = match.route;
  if (!route) return unmatched(incoming, request, match);
  request.ids = std::move(match.ids);
  if (!is_probe) authorise(incoming, request, *route, one_person);
  return take(incoming, request, *route);
}

Response Dispatcher::ask(Incoming& incoming, const Actor& actor) const {
  Match match = router_.match(incoming.method, path_of(incoming));
  if (!match.route) fail(Code::internal, "no route does {} {}", incoming.method, incoming.target);
  Request request{.incoming = incoming};
  request.request_id = request_id_of(incoming);
  request.ids = std::move(match.ids);
  request.actor = actor;
  return take(incoming, request, *match.route);
}

Response Dispatcher::take(Incoming& incoming, Request& request, const Route& route) const {
  const std::string_view encoding = incoming.header("content-encoding");
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) {
    return problem(
        415, fmt::format("bodies are taken as they are, not in {}; unpack it first", encoding),
        request.request_id);
  }
  if (const size_t mark = incoming.target.find('?'); mark != std::string::npos) {
    auto query = parse_query(std::string_view(incoming.target).substr(mark + 1));
    if (!query) refuse("the query holds a broken or forbidden escape");
    request.query = std::move(*query);
  }
  check_query(request, route);
  if (route.body != BodyKind::stream) {
    request.body = incoming.body.empty() ? Json::object() : parse_json(incoming.body);
    if (route.body == BodyKind::json) check_fields(request.body, route.request, "the body");
  }
  return run(route, request);
}

Response Dispatcher::run(const Route& route, Request& request) const {
  const std::string_view key = request.incoming.header("idempotency-key");
  if (key.empty() || !changes_something(request.incoming.method) || route.repeat == Repeat::never) {
    return route.handler(app_, request);
  }
  if (key.size() > 200) refuse("the Idempotency-Key may have 200 bytes");
  request.idempotency_key = std::string(key);
  return answer_once(app_, route, request);
}

}  // namespace querist::api
