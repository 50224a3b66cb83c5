// The data folder comes from --data-dir, else QUERIST_DATA_DIR, else ./querist-data.
#include "app/open.h"

#include <pwd.h>
#include <unistd.h>

#include "base/error.h"

namespace querist::app {

std::unique_ptr<storage::Store> open_folder(const Invocation& invocation) {
  return storage::open_store(invocation.text("data_dir"));
}

Project chosen_project(storage::Store& store, const Invocation& invocation) {
  if (!invocation.text("project").empty())
    return storage::project(store, invocation.text("project"));
  const auto page = storage::projects(store);
  if (page.items.size() == 1) return page.items.front();
  if (page.items.empty())
    refuse("there is no project in {} yet: begin with querist import", store.folder().string());
  std::vector<std::string> names;
  for (const Project& project : page.items) names.push_back(project.name);
  refuse("pass --project: there are {}", fmt::join(names, ", "));
}

std::string actor() {
  const passwd* entry = getpwuid(getuid());
  return entry ? entry->pw_name : "command line";
}

}  // namespace querist::app
