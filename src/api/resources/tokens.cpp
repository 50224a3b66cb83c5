// The tokens that programs sign in with.
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "base/clock.h"
#include "storage/users.h"

namespace querist::api::resources {

static Json token_json(const Token& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", word(token.role)},
          {"created_at", rfc3339(token.created_at)},
          {"revoked_at", time_json(token.revoked_at)}};
}

static Response list_tokens(App& app, const Request&) {
  Json items = Json::array();
  for (const Token& token : storage::tokens(app.store)) items.push_back(token_json(token));
  return ok({{"items", std::move(items)}, {"next", nullptr}});
}

static Response add_token(App& app, const Request& request) {
  const auto role = from_word<Role>(json_text(request.body, "role"), "the field \"role\"");
  const storage::NewToken added =
      storage::add_token(app.store, json_text(request.body, "name"), role, request.who().name);
  Json json = token_json(added.row);
  json["token"] = added.token;
  return created(json);
}

static Response revoke_token(App& app, const Request& request) {
  storage::revoke_token(app.store, request.number_id("token"), request.who().name);
  return no_content();
}

Routes tokens() {
  using enum FieldType;
  const Fields row = {{"id", integer, "", true},
                      {"name", text, "", true},
                      {"role", text, "", true},
                      {"created_at", time, "", true},
                      {"revoked_at", time}};
  Fields with_secret = row;
  with_secret.push_back({"token", text, "Shown this once.", true});
  return {
      {.pattern = "GET /api/v1/tokens",
       .role = Role::admin,
       .handler = list_tokens,
       .summary = "List tokens.",
       .response = row,
       .is_list = true},
      {.pattern = "POST /api/v1/tokens",
       .role = Role::admin,
       .handler = add_token,
       .summary = "Make a token.",
       .request = {{"name", text, "", true}, {"role", text, "", true}},
       .response = with_secret,
       .success = 201,
       .repeat = Repeat::never},
      {.pattern = "DELETE /api/v1/tokens/{token}",
       .role = Role::admin,
       .handler = revoke_token,
       .summary = "Revoke a token.",
       .success = 204},
  };
}

}  // namespace querist::api::resources
