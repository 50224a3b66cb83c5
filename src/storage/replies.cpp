// Kept replies, looked up and written in the transaction of the change they answer for.
#include "storage/replies.h"

#include "base/hash.h"
#include "base/limits.h"

namespace querist::storage {

std::optional<Reply> kept_reply(Store& store, const std::string& scope, const std::string& key,
                                std::string_view body) {
  if (key.empty() || key.size() > limits::max_name_bytes) {
    refuse("an Idempotency-Key must have 1 to {} bytes", limits::max_name_bytes);
  }
  struct Kept {
    std::string body_hash;
    Reply reply;
  };
  const auto kept = store.read([&](Session& session) {
    return session.one(
        "SELECT body_hash, status, body FROM idempotency_keys WHERE scope = $1 AND key = $2",
        {scope, key}, [](const Row& row) {
          return Kept{row.text(0), {static_cast<int>(row.integer(1)), row.text(2)}};
        });
  });
  if (!kept) return std::nullopt;
  if (kept->body_hash != sha256_hex(body)) {
    fail(Code::conflict, "the Idempotency-Key \"{}\" was used for another request; use a new one",
         key);
  }
  return kept->reply;
}

void keep_reply(Store& store, const std::string& scope, const std::string& key,
                std::string_view body, const Reply& reply) {
  store.write([&](Session& session) {
    if (kept_reply(store, scope, key, body)) {
      fail(Code::conflict, "the same request was answered meanwhile; send it again for its reply");
    }
    session.execute(
        "INSERT INTO idempotency_keys (scope, key, body_hash, status, body, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {scope, key, sha256_hex(body), reply.status, reply.body, store.now()});
  });
}

Reply once(Store& store, const std::string& scope, const std::string& key, std::string_view body,
           const std::function<Reply()>& answer) {
  return store.write([&](Session&) {
    if (auto kept = kept_reply(store, scope, key, body)) return *kept;
    const Reply reply = answer();
    keep_reply(store, scope, key, body, reply);
    return reply;
  });
}

void forget_replies(Store& store, int64_t older_than) {
  store.write([&](Session& session) {
    session.execute("DELETE FROM idempotency_keys WHERE created_at < $1", {older_than});
  });
}

}  // namespace querist::storage
