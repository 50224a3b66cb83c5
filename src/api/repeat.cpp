// Keeps answers by who asked, for what, and under which key.
#include "api/repeat.h"

#include <mutex>
#include <set>

#include "api/app.h"
#include "api/body_stream.h"
#include "api/request.h"
#include "base/error.h"
#include "base/hash.h"
#include "storage/replies.h"

namespace querist::api {

namespace {

// The keys whose requests are being answered outside a transaction.
class Running {
 public:
  explicit Running(std::string name) : name_(std::move(name)) {
    const std::lock_guard lock(mutex());
    if (!names().insert(name_).second) {
      fail(Code::conflict,
           "the first request under this Idempotency-Key is still running; ask again shortly");
    }
  }
  ~Running() {
    const std::lock_guard lock(mutex());
    names().erase(name_);
  }
  Running(const Running&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::set<std::string>& names() {
    static std::set<std::string> all;
    return all;
  }
  std::string name_;
};

}  // namespace

static Response response_of(const storage::Reply& reply) {
  Response response{.status = reply.status, .body = reply.body};
  if (reply.status != 204) response.headers.push_back({"Content-Type", "application/json"});
  return response;
}

// A streamed body is known only once it was read: the answer is kept with the body's hash, under an
// empty body, and a repeat reads its own body to the end to compare.
static Response answer_stream_once(App& app, const Route& route, const Request& request,
                                   const std::string& scope) {
  BodyStream& stream = *request.incoming.stream;
  stream.keep_hash();
  if (const auto kept = storage::kept_reply(app.store, scope, request.idempotency_key, "")) {
    std::string dropped(65'536, 0);
    while (stream.read(dropped) > 0) {
    }
    const Json note = parse_json(kept->body);
    if (json_text(note, "hash") != stream.hash()) {
      fail(Code::conflict, "this Idempotency-Key was used for another body; take a new key");
    }
    return response_of({kept->status, json_text(note, "body")});
  }
  Response response = route.handler(app, request);
  const Json note = {{"hash", stream.hash()}, {"body", response.body}};
  storage::keep_reply(app.store, scope, request.idempotency_key, "",
                      {response.status, canonical_json(note)});
  return response;
}

Response answer_once(App& app, const Route& route, const Request& request) {
  const std::string scope =
      fmt::format("{} {} {}", request.who().name, request.incoming.method, request.incoming.target);
  if (route.repeat == Repeat::in_transaction) {
    return response_of(
        storage::once(app.store, scope, request.idempotency_key, request.incoming.body, [&] {
          const Response response = route.handler(app, request);
          return storage::Reply{response.status, response.body};
        }));
  }
  const Running running(scope + '\n' + request.idempotency_key);
  if (request.incoming.stream) return answer_stream_once(app, route, request, scope);
  if (const auto kept =
          storage::kept_reply(app.store, scope, request.idempotency_key, request.incoming.body)) {
    return response_of(*kept);
  }
  const Response response = route.handler(app, request);
  storage::keep_reply(app.store, scope, request.idempotency_key, request.incoming.body,
                      {response.status, response.body});
  return response;
}

}  // namespace querist::api
