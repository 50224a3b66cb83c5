// Signing in and out.
#include "api/access.h"
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "base/clock.h"
#include "storage/users.h"

namespace querist::api::resources {

static constexpr int64_t session_seconds = 30 * 86'400;

static std::string cookie_text(std::string_view token, int64_t seconds) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict", session_cookie, token,
                     seconds);
}

static Response sign_in(App& app, const Request& request) {
  const std::string name = json_text(request.body, "name");
  const std::string password = json_text(request.body, "password");
  app.logins.begin(name, request.incoming.remote, app.store.now());
  const storage::NewSession session = storage::log_in(app.store, name, password, session_seconds);
  app.logins.succeeded(name, request.incoming.remote);
  const User& user = session.session.user;
  Response response = created({{"user", {{"name", user.name}, {"role", word(user.role)}}},
                               {"csrf_token", session.session.csrf_token},
                               {"expires_at", rfc3339(session.session.expires_at)}});
  const bool encrypted = request.incoming.header("origin").starts_with("https://");
  response.headers.push_back(
      {"Set-Cookie", cookie_text(session.token, session_seconds) + (encrypted ? "; Secure" : "")});
  return response;
}

static Response sign_out(App& app, const Request& request) {
  storage::log_out(app.store, cookie(request.incoming, session_cookie));
  Response response = no_content();
  response.headers.push_back({"Set-Cookie", cookie_text("", 0)});
  return response;
}

Routes sessions() {
  using enum FieldType;
  return {
      {.pattern = "POST /api/v1/sessions",
       .role = anyone,
       .handler = sign_in,
       .summary = "Sign in; the session is the cookie that comes with the answer.",
       .request = {{"name", text, "", true}, {"password", text, "", true}},
       .response = {{"user", object, "{name, role}", true},
                    {"csrf_token", text, "For X-CSRF-Token on every change.", true},
                    {"expires_at", time, "", true}},
       .success = 201,
       .repeat = Repeat::never},
      {.pattern = "DELETE /api/v1/sessions/current",
       .role = Role::annotator,
       .handler = sign_out,
       .summary = "Sign out.",
       .success = 204,
       .repeat = Repeat::never},
  };
}

}  // namespace querist::api::resources
