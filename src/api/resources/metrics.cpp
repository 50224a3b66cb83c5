// The server's own numbers for Prometheus.
#include "api/app.h"
#include "api/request.h"
#include "api/route.h"
#include "base/clock.h"
#include "storage/events.h"

namespace querist::api::resources {

static Response show_metrics(App& app, const Request&) {
  if (app.server_counts) {
    const ServerCounts counts = app.server_counts();
    app.telemetry.set("querist_connections", "Open connections.",
                      static_cast<double>(counts.connections));
    app.telemetry.set("querist_requests_running", "Requests being answered.",
                      static_cast<double>(counts.running));
    app.telemetry.set("querist_event_streams", "Open event streams.",
                      static_cast<double>(counts.feeds));
  }
  app.telemetry.set("querist_events", "Sequence of the newest event of the record.",
                    static_cast<double>(storage::last_sequence(app.store)));
  app.telemetry.set("querist_uptime_seconds", "Time since the start.",
                    static_cast<double>(app.store.now() - app.started_at) / 1000);
  app.telemetry.set("querist_cpu_seconds", "Processor time used.", cpu_seconds());
  return {.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
          .body = app.telemetry.text()};
}

Routes metrics() {
  return {
      {.pattern = "GET /metrics",
       .role = Role::annotator,
       .handler = show_metrics,
       .summary = "Metrics in Prometheus' text form; a scraper sends a token.",
       .media = "text/plain"},
  };
}

}  // namespace querist::api::resources
