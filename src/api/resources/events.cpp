// The append-only record: read it, follow it.
#include "storage/events.h"

#include <charconv>

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "storage/projects.h"

namespace querist::api::resources {

static Response list_events(App& app, const Request& request) {
  storage::EventQuery query{.after = request.after(), .limit = request.limit(100)};
  if (const std::string* name = request.query_text("project")) {
    query.project_id = storage::project(app.store, *name).id;
  }
  return ok(list_json(storage::events(app.store, query), event_json));
}

// The last event a client saw: browsers say it in a header when they reconnect.
static std::optional<int64_t> last_seen(const Request& request) {
  if (const auto after = request.maybe_after()) return after;
  const std::string_view given = request.incoming.header("last-event-id");
  int64_t sequence = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), sequence);
  const bool whole = error == std::errc() && end == given.data() + given.size();
  return whole && sequence >= 0 ? std::optional(sequence) : std::nullopt;
}

static Response stream_events(App& app, const Request& request) {
  std::optional<std::string> project;
  if (const std::string* name = request.query_text("project"))
    project = storage::project(app.store, *name).name;
  return {.headers = {{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}},
          .feed = app.events.open(std::move(project), last_seen(request))};
}

Routes events() {
  using enum FieldType;
  const Field project = {"project", text, "Of one project."};
  return {
      {.pattern = "GET /api/v1/events",
       .role = Role::reviewer,
       .handler = list_events,
       .summary = "List events, oldest first.",
       .response = event_fields(),
       .query = page_query({project}),
       .is_list = true},
      {.pattern = "GET /api/v1/events/stream",
       .role = Role::annotator,
       .handler = stream_events,
       .summary = "Server-sent events: what changes, as it changes.",
       .query = {project,
                 {"after", integer, "The last sequence seen; a browser sends Last-Event-ID."}},
       .media = "text/event-stream"},
  };
}

}  // namespace querist::api::resources
