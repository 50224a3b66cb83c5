// People and programs: users with argon2id passwords, sessions, and tokens kept only as their
// SHA-256.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// Throws conflict for a taken name, invalid_argument for a name or password that will not do.
User add_user(Store& store, const std::string& name, const std::string& password, Role role,
              const std::string& actor);
std::vector<User> users(Store& store);
std::optional<User> find_user(Store& store, std::string_view name);
// Ends the user's sessions too. Throws not_found; conflict when it is the last admin.
void remove_user(Store& store, const std::string& name, const std::string& actor);
void set_password(Store& store, const std::string& name, const std::string& password,
                  const std::string& actor);
bool has_users(Store& store);

struct NewSession {
  std::string token;  // For the cookie; the store keeps only its hash.
  UserSession session;
};
// Throws unauthenticated for a wrong name or password, in the same time for both.
NewSession log_in(Store& store, const std::string& name, const std::string& password,
                  int64_t seconds = 30 * 86'400);
std::optional<UserSession> find_session(Store& store, std::string_view token);
void log_out(Store& store, std::string_view token);

struct NewToken {
  std::string token;  // Shown once; the store keeps only its hash.
  Token row;
};
NewToken add_token(Store& store, const std::string& name, Role role, const std::string& actor);
std::vector<Token> tokens(Store& store);
std::optional<Token> find_token(Store& store, std::string_view token);  // Not the revoked.
void revoke_token(Store& store, int64_t id, const std::string& actor);

}  // namespace querist::storage
