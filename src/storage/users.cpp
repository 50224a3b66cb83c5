// Users and their sessions. Names, not ids, stand in annotations and events, so removing a user
// keeps the record.
#include "storage/users.h"

#include <algorithm>

#include "base/hash.h"
#include "base/limits.h"
#include "storage/events.h"
#include "storage/passwords.h"

namespace querist::storage {

static constexpr size_t min_password_bytes = 8;
static constexpr size_t max_password_bytes = 1'024;

static User user_of(const Row& row) {
  return {.id = row.integer(0),
          .name = row.text(1),
          .role = from_word<Role>(row.view(2), "role"),
          .created_at = row.integer(3)};
}

static void check_user_name(const std::string& name, std::string_view what) {
  const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (name.empty() || name.size() > limits::max_name_bytes || !printable) {
    refuse("a {} name must have 1 to {} bytes and no control characters", what,
           limits::max_name_bytes);
  }
}

static void check_password(const std::string& password) {
  if (password.size() < min_password_bytes || password.size() > max_password_bytes) {
    refuse("a password must have {} to {} bytes", min_password_bytes, max_password_bytes);
  }
}

User add_user(Store& store, const std::string& name, const std::string& password, Role role,
              const std::string& actor) {
  check_user_name(name, "user");
  check_password(password);
  const std::string hash = hash_password(password);
  return store.write([&](Session& session) {
    if (find_user(store, name)) fail(Code::conflict, "a user named {} exists already", name);
    session.execute(
        "INSERT INTO users (name, role, password_hash, created_at) VALUES ($1, $2, $3, $4)",
        {name, word(role), hash, store.now()});
    record(store, "user_added", std::nullopt, actor, {{"name", name}, {"role", word(role)}});
    return *find_user(store, name);
  });
}

std::vector<User> users(Store& store) {
  return store.read([](Session& session) {
    return session.all("SELECT id, name, role, created_at FROM users ORDER BY id", {}, user_of);
  });
}

std::optional<User> find_user(Store& store, std::string_view name) {
  return store.read([&](Session& session) {
    return session.one("SELECT id, name, role, created_at FROM users WHERE name = $1", {name},
                       user_of);
  });
}

void remove_user(Store& store, const std::string& name, const std::string& actor) {
  store.write([&](Session& session) {
    const auto user = find_user(store, name);
    if (!user) fail(Code::not_found, "there is no user named {}", name);
    const int64_t admins = session.integer("SELECT count(*) FROM users WHERE role = 'admin'");
    if (user->role == Role::admin && admins == 1) {
      fail(Code::conflict, "{} is the last admin; add another one first", name);
    }
    session.execute("DELETE FROM sessions WHERE user_id = $1", {user->id});
    session.execute("DELETE FROM users WHERE id = $1", {user->id});
    record(store, "user_removed", std::nullopt, actor, {{"name", name}});
  });
}

void set_password(Store& store, const std::string& name, const std::string& password,
                  const std::string& actor) {
  check_password(password);
  const std::string hash = hash_password(password);
  store.write([&](Session& session) {
    const auto user = find_user(store, name);
    if (!user) fail(Code::not_found, "there is no user named {}", name);
    session.execute("UPDATE users SET password_hash = $2 WHERE id = $1", {user->id, hash});
    session.execute("DELETE FROM sessions WHERE user_id = $1", {user->id});
    record(store, "password_changed", std::nullopt, actor, {{"name", name}});
  });
}

bool has_users(Store& store) {
  return store.read(
      [](Session& session) { return session.integer("SELECT EXISTS (SELECT 1 FROM users)") != 0; });
}

NewSession log_in(Store& store, const std::string& name, const std::string& password,
                  int64_t seconds) {
  // An unknown name costs the same time as a wrong password, so that names cannot be found out by
  // the clock.
  static const std::string nobodys_hash = hash_password(random_secret());
  const auto stored = store.read([&](Session& session) {
    return session.one("SELECT password_hash FROM users WHERE name = $1", {name},
                       [](const Row& row) { return row.text(0); });
  });
  const bool fits = password.size() <= max_password_bytes &&
                    password_fits(stored.value_or(nobodys_hash), password) && stored.has_value();
  if (!fits) fail(Code::unauthenticated, "the name or the password is wrong");
  const std::string token = random_secret();
  const std::string csrf_token = random_secret();
  return store.write([&](Session& session) {
    const auto user = find_user(store, name);
    if (!user) fail(Code::unauthenticated, "the name or the password is wrong");
    const int64_t now = store.now();
    session.execute("DELETE FROM sessions WHERE expires_at <= $1", {now});
    session.execute(
        "INSERT INTO sessions (token_hash, user_id, csrf_token, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        {sha256_hex(token), user->id, csrf_token, now, now + seconds * 1'000});
    record(store, "logged_in", std::nullopt, name, Json::object());
    return NewSession{token, {*user, csrf_token, now + seconds * 1'000}};
  });
}

std::optional<UserSession> find_session(Store& store, std::string_view token) {
  return store.read([&](Session& session) {
    return session.one(
        "SELECT u.id, u.name, u.role, u.created_at, s.csrf_token, s.expires_at FROM sessions s "
        "JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2",
        {sha256_hex(token), store.now()}, [](const Row& row) {
          return UserSession{user_of(row), row.text(4), row.integer(5)};
        });
  });
}

void log_out(Store& store, std::string_view token) {
  store.write([&](Session& session) {
    const auto known = find_session(store, token);
    session.execute("DELETE FROM sessions WHERE token_hash = $1", {sha256_hex(token)});
    if (known) record(store, "logged_out", std::nullopt, known->user.name, Json::object());
  });
}

static Token token_of(const Row& row) {
  return {.id = row.integer(0),
          .name = row.text(1),
          .role = from_word<Role>(row.view(2), "role"),
          .created_at = row.integer(3),
          .revoked_at = row.maybe_integer(4)};
}

NewToken add_token(Store& store, const std::string& name, Role role, const std::string& actor) {
  check_user_name(name, "token");
  const std::string secret = "qst_" + random_secret();
  return store.write([&](Session& session) {
    const int64_t now = store.now();
    const int64_t id = session.integer(
        "INSERT INTO tokens (name, role, token_hash, created_at) VALUES ($1, $2, $3, $4) RETURNING "
        "id",
        {name, word(role), sha256_hex(secret), now});
    record(store, "token_added", std::nullopt, actor,
           {{"token_id", id}, {"name", name}, {"role", word(role)}});
    return NewToken{secret, {id, name, role, now, std::nullopt}};
  });
}

std::vector<Token> tokens(Store& store) {
  return store.read([](Session& session) {
    return session.all("SELECT id, name, role, created_at, revoked_at FROM tokens ORDER BY id", {},
                       token_of);
  });
}

std::optional<Token> find_token(Store& store, std::string_view token) {
  return store.read([&](Session& session) {
    return session.one(
        "SELECT id, name, role, created_at, revoked_at FROM tokens WHERE token_hash = $1 AND "
        "revoked_at IS NULL",
        {sha256_hex(token)}, token_of);
  });
}

void revoke_token(Store& store, int64_t id, const std::string& actor) {
  store.write([&](Session& session) {
    const int64_t changed =
        session.execute("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                        {id, store.now()});
    if (changed == 0) fail(Code::not_found, "there is no token {} that is still valid", id);
    record(store, "token_revoked", std::nullopt, actor, {{"token_id", id}});
  });
}

}  // namespace querist::storage
