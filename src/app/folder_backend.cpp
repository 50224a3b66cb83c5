// A data folder behind the API's own routes, without a socket between.
#include "api/dispatch.h"
#include "app/backend.h"
#include "app/loop_doors.h"
#include "app/open.h"
#include "loop/cycle.h"
#include "storage/projects.h"

namespace querist::app {

// Everything that the routes' handlers may reach, over one folder.
struct OpenFolder {
  explicit OpenFolder(const std::string& data_dir)
      : store(storage::open_store(data_dir)), workshops(*store), deployments(*store), hub(*store) {
    app.loop.draw_selection = loop_doors(workshops).draw_selection;
  }

  std::unique_ptr<storage::Store> store;
  loop::Workshops workshops;
  serving::Deployments deployments;
  api::EventHub hub;
  api::Telemetry telemetry{};
  api::App app{.store = *store,
               .events = hub,
               .telemetry = telemetry,
               .workshops = workshops,
               .deployments = deployments,
               .version = QUERIST_VERSION,
               .build = QUERIST_BUILD};
  std::vector<api::Asset> no_page{};
  api::Dispatcher dispatcher{app, api::all_routes(), no_page};
  // Whoever can open the folder may do everything in it.
  api::Actor who{.name = actor(), .role = Role::admin};
};

Backend folder_backend(const std::string& data_dir) {
  const auto folder = std::make_shared<OpenFolder>(data_dir);
  Backend backend;
  backend.store = folder->store.get();
  backend.place = folder->store->folder().string();
  backend.send = [folder](const api::ClientRequest& request) {
    api::Incoming incoming{
        .method = std::string(request.method), .target = request.target, .body = request.body};
    return folder->dispatcher.ask(incoming, folder->who).body;
  };
  backend.turn = [folder](const std::string& project, bool at_once, const Progress& progress) {
    loop::Workshop& workshop = folder->workshops.of(storage::project(*folder->store, project).id);
    const std::lock_guard lock(workshop.mutex());
    loop::turn(workshop, progress, at_once);
  };
  return backend;
}

}  // namespace querist::app
