// Tokens, sessions, the one-person mode, and the checks against requests forged by other sites.
#include "api/access.h"

#include <arpa/inet.h>

#include "base/error.h"
#include "storage/passwords.h"
#include "storage/users.h"

namespace querist::api {

bool one_person_mode(storage::Store& store, bool on_loopback) {
  return on_loopback && !storage::has_users(store);
}

std::string_view cookie(const Incoming& incoming, std::string_view name) {
  for (const Header& header : incoming.headers) {
    if (header.name != "cookie") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
        return pair.substr(name.size() + 1);
      }
    }
  }
  return {};
}

std::optional<Actor> authenticate(storage::Store& store, const Incoming& incoming,
                                  bool one_person) {
  const std::string_view authorization = incoming.header("authorization");
  if (!authorization.empty()) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size() ||
        !equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
      fail(Code::unauthenticated, "the Authorization header must read: Bearer TOKEN");
    }
    const auto token = storage::find_token(store, authorization.substr(scheme.size()));
    if (!token)
      fail(Code::unauthenticated,
           "this token is not known or was revoked; ask an admin for another");
    return Actor{.name = token->name, .role = token->role, .by = SignedInBy::token};
  }
  if (const std::string_view value = cookie(incoming, session_cookie); !value.empty()) {
    if (auto session = storage::find_session(store, value)) {
      return Actor{.name = session->user.name,
                   .role = session->user.role,
                   .by = SignedInBy::session,
                   .csrf_token = session->csrf_token};
    }
  }
  if (one_person) return Actor{.name = "local", .role = Role::admin, .by = SignedInBy::one_person};
  return std::nullopt;
}

static std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

bool is_loopback_name(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (equal_ignoring_case(host, "localhost") || host == "::1") return true;
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         (ntohl(address.s_addr) >> 24) == 127;
}

void check_host(const Incoming& incoming) {
  const std::string_view host = without_port(incoming.header("host"));
  if (is_loopback_name(host)) return;
  fail(Code::permission_denied,
       "without users this server answers only under a loopback name, not \"{}\"; open "
       "http://localhost with its port, or add a "
       "user (querist users add)",
       host);
}

void check_origin(const Incoming& incoming) {
  const std::string_view origin = incoming.header("origin");
  const std::string_view site = incoming.header("sec-fetch-site");
  const std::string_view host = incoming.header("host");
  bool same = true;
  if (!origin.empty()) {
    const size_t scheme = origin.find("://");
    same = scheme != std::string_view::npos && equal_ignoring_case(origin.substr(scheme + 3), host);
  } else if (!site.empty()) {
    same = site == "same-origin" || site == "none";
  }
  if (!same)
    fail(Code::permission_denied, "a page of another site may not do this; programs use a token");
}

void check_csrf(const Incoming& incoming, const Actor& actor) {
  if (storage::same_secret(incoming.header("x-csrf-token"), actor.csrf_token)) return;
  fail(Code::permission_denied,
       "a session's change must carry its csrf_token in the X-CSRF-Token header; sign in again");
}

}  // namespace querist::api
