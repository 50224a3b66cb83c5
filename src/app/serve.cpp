// querist serve: the API, the page, the loop and the model, until told to stop.
#include <csignal>
#include <cstdio>

#include "api/app.h"
#include "api/dispatch.h"
#include "api/http_server.h"
#include "app/config.h"
#include "app/loop_doors.h"
#include "app/open.h"
#include "base/error.h"
#include "base/log.h"
#include "jobs/worker.h"
#include "labelling/annotate.h"
#include "loop/loop_job.h"
#include "storage/projects.h"

namespace querist::app {

// Waits for SIGTERM or SIGINT; both are blocked in every thread, so that this call alone takes
// them.
static void wait_for_signal(const sigset_t& signals) {
  int received = 0;
  while (sigwait(&signals, &received) != 0) {
  }
}

// Loads each project's features, model and scores behind the first requests.
static void warm_projects(storage::Store& store) {
  for (int64_t after = 0;;) {
    const auto page = storage::projects(store, after);
    for (const Project& project : page.items) {
      if (project.counts.labeled > 0) labelling::enqueue_cycle_job(store, project.id, "querist");
    }
    if (!page.next) return;
    after = *page.next;
  }
}

// SQLite in the data folder is the one database so far.
static void check_database(const std::string& database) {
  if (database == "sqlite") return;
  if (database.starts_with("postgresql://") || database.starts_with("postgres://")) {
    wrong_usage(
        "PostgreSQL is not there yet: this version keeps everything in SQLite in the data folder; "
        "leave --database out or say sqlite");
  }
  wrong_usage("--database must be sqlite, not \"{}\"", database);
}

static int run(const Invocation& invocation) {
  check_database(invocation.text("database"));
  if (invocation.options.flag("show_config")) {
    put_out("", config_text(invocation.options));
    return 0;
  }
  Params params(api::server_settings());
  for (const auto& [name, value] : invocation.options.given()) {
    for (const ParamSpec& spec : params.specs()) {
      if (spec.name == name) params.set(name, value);
    }
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  set_log(invocation.options.flag("verbose") ? LogLevel::info : LogLevel::warning,
          invocation.options.flag("log_json"));

  const auto store = open_folder(invocation);
  loop::Workshops workshops(*store);
  serving::Deployments deployments(*store);
  api::EventHub events(*store);
  api::Telemetry telemetry;
  const api::ServerOptions options = api::server_options(params);
  api::App app{.store = *store,
               .events = events,
               .telemetry = telemetry,
               .workshops = workshops,
               .deployments = deployments,
               .version = QUERIST_VERSION,
               .build = QUERIST_BUILD};
  app.on_loopback =
      options.host == "127.0.0.1" || options.host == "::1" || options.host == "localhost";
  app.started_at = store->now();
  app.loop = loop_doors(workshops);
  api::Dispatcher dispatcher(app, api::all_routes(), api::embedded_assets());
  warm_projects(*store);
  jobs::Worker worker(*store, loop::job_kinds(workshops));
  api::HttpServer server(options, dispatcher.door());
  app.server_counts = [&server] { return server.counts(); };
  app.ready = true;
  std::printf("Querist listens on http://%s:%u\n", options.host.c_str(),
              static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  wait_for_signal(signals);
  app.ready = false;
  server.stop();
  worker.stop();
  return 0;
}

Verb serve() {
  ParamSpecs options = api::server_settings();
  options.push_back(data_dir_option());
  options.push_back({.name = "database",
                     .fallback = "sqlite",
                     .help = "Where the rows are kept: sqlite, in the data folder."});
  options.push_back({.name = "config",
                     .fallback = "",
                     .help = "Read settings from this TOML file (also QUERIST_CONFIG)."});
  options.push_back({.name = "show_config",
                     .fallback = false,
                     .help = "Print the settings as a TOML file with comments, and end."});
  options.push_back({.name = "verbose", .fallback = false, .help = "Log every request."});
  options.push_back(
      {.name = "log_json", .fallback = false, .help = "Log as JSON instead of logfmt."});
  return {.name = "serve",
          .summary = "Serve the API, the labelling page and the models; SIGTERM drains.",
          .example = "querist serve --port 8080 --data-dir ./querist-data",
          .options = options,
          .run = run};
}

}  // namespace querist::app
