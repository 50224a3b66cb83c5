// The people who may sign in.
#include "storage/users.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "base/clock.h"

namespace querist::api::resources {

static Json user_json(const User& user) {
  return {{"id", user.id},
          {"name", user.name},
          {"role", word(user.role)},
          {"created_at", rfc3339(user.created_at)}};
}

static Response list_users(App& app, const Request&) {
  Json items = Json::array();
  for (const User& user : storage::users(app.store)) items.push_back(user_json(user));
  return ok({{"items", std::move(items)}, {"next", nullptr}});
}

static Response add_user(App& app, const Request& request) {
  const auto role = from_word<Role>(json_text(request.body, "role"), "the field \"role\"");
  if (role != Role::admin && !storage::has_users(app.store)) {
    refuse("the first user must be an admin, or nobody could add the others");
  }
  return created(
      user_json(storage::add_user(app.store, json_text(request.body, "name"),
                                  json_text(request.body, "password"), role, request.who().name)));
}

static Response remove_user(App& app, const Request& request) {
  storage::remove_user(app.store, request.id("user"), request.who().name);
  return no_content();
}

Routes users() {
  using enum FieldType;
  const Fields user = {
      {"id", integer, "", true},
      {"name", text, "", true},
      {"role", text,
       "annotator, reviewer, engineer, officer or admin; each may what those before it may.", true},
      {"created_at", time, "", true}};
  return {
      {.pattern = "GET /api/v1/users",
       .role = Role::admin,
       .handler = list_users,
       .summary = "List users.",
       .response = user,
       .is_list = true},
      {.pattern = "POST /api/v1/users",
       .role = Role::admin,
       .handler = add_user,
       .summary = "Add a user. The first one, an admin, ends the one-person mode.",
       .request = {{"name", text, "", true},
                   {"password", text, "At least 8 bytes.", true},
                   {"role", text, "", true}},
       .response = user,
       .success = 201,
       .repeat = Repeat::kept_after},
      {.pattern = "DELETE /api/v1/users/{user}",
       .role = Role::admin,
       .handler = remove_user,
       .summary = "Remove a user and end their sessions.",
       .success = 204},
  };
}

}  // namespace querist::api::resources
