// In whose name someone works: their own, or, for engineers' programs, another annotator's.
#pragma once

#include <string>

#include "api/request.h"
#include "storage/store.h"

namespace querist::api {

// The body's "annotator", else who asks. Throws permission_denied when only an engineer may name
// another.
std::string named_annotator(const Request& request);

// Who holds the lease, when the actor may act for them; else the actor, whom labelling then refuses
// by its own rules.
std::string annotator_of_lease(storage::Store& store, const Project& project, int64_t lease_id,
                               const Actor& actor);

}  // namespace querist::api
