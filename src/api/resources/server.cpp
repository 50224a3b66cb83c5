// What the server is, and whether it is well.
#include "api/access.h"
#include "api/app.h"
#include "api/openapi.h"
#include "api/request.h"
#include "api/response.h"
#include "api/route.h"

namespace querist::api::resources {

static Response show_server(App& app, const Request& request) {
  Json user;
  if (request.actor) user = {{"name", request.actor->name}, {"role", word(request.actor->role)}};
  const bool one_person = one_person_mode(app.store, app.on_loopback);
  return ok({{"version", app.version},
             {"build", app.build},
             {"one_person_mode", one_person},
             {"user", std::move(user)},
             {"csrf_token", request.actor && request.actor->by == SignedInBy::session
                                ? Json(request.actor->csrf_token)
                                : Json()},
             {"uptime_seconds", (app.store.now() - app.started_at) / 1000}});
}

static Response show_openapi(App& app, const Request&) {
  return ok(openapi(all_routes(), app.version));
}

static Response show_live(App&, const Request&) { return ok({{"live", true}}); }

static Response show_ready(App& app, const Request&) {
  if (!app.ready) fail(Code::unavailable, "the server is starting or stopping");
  return ok({{"ready", true}});
}

Routes server() {
  return {
      {.pattern = "GET /api/v1/server",
       .role = anyone,
       .handler = show_server,
       .summary = "What this server is and who asks.",
       .response = {{"version", FieldType::text, "", true},
                    {"build", FieldType::text, "", true},
                    {"one_person_mode", FieldType::flag,
                     "No users and loopback only: no sign-in is needed.", true},
                    {"user", FieldType::object, "Who asks: {name, role}; null when not signed in."},
                    {"csrf_token", FieldType::text, "Of a session, for X-CSRF-Token."},
                    {"uptime_seconds", FieldType::integer, "", true}}},
      {.pattern = "GET /openapi.json",
       .role = anyone,
       .handler = show_openapi,
       .summary = "This description of every route."},
      {.pattern = "GET /v2/health/live",
       .role = anyone,
       .handler = show_live,
       .summary = "The process answers.",
       .response = {{"live", FieldType::flag, "", true}},
       .is_probe = true},
      {.pattern = "GET /v2/health/ready",
       .role = anyone,
       .handler = show_ready,
       .summary = "The server takes requests; 503 while it starts or stops.",
       .response = {{"ready", FieldType::flag, "", true}},
       .is_probe = true},
  };
}

}  // namespace querist::api::resources
