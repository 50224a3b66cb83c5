// Acting for another annotator.
#include "api/annotator.h"

#include "base/error.h"
#include "base/limits.h"
#include "storage/leases.h"

namespace querist::api {

std::string named_annotator(const Request& request) {
  const Actor& actor = request.who();
  std::string name = json_text(request.body, "annotator", actor.name);
  if (name.empty() || name.size() > limits::max_name_bytes) {
    refuse("the field \"annotator\" must have 1 to {} bytes", limits::max_name_bytes);
  }
  if (name != actor.name && actor.role < Role::engineer) {
    fail(Code::permission_denied,
         "only an engineer may take work for another annotator; leave \"annotator\" out");
  }
  return name;
}

std::string annotator_of_lease(storage::Store& store, const Project& project, int64_t lease_id,
                               const Actor& actor) {
  if (actor.role < Role::engineer) return actor.name;
  const auto lease = storage::find_lease(store, project.id, lease_id);
  return lease ? lease->annotator : actor.name;
}

}  // namespace querist::api
