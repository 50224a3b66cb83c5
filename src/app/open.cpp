// The data folder comes from --data-dir, else QUERIST_DATA_DIR, else ./querist-data.
#include "app/open.h"

#include <pwd.h>
#include <unistd.h>

namespace querist::app {

std::unique_ptr<storage::Store> open_folder(const Invocation& invocation) {
  return storage::open_store(invocation.text("data_dir"));
}

std::string actor() {
  const passwd* entry = getpwuid(getuid());
  return entry ? entry->pw_name : "command line";
}

}  // namespace querist::app
