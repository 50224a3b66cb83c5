// The same request sent again under the same Idempotency-Key gets the first one's answer and
// changes nothing.
#pragma once

#include "api/route.h"

namespace querist::api {

struct Request;

// Runs the route's handler unless its answer is kept already. Throws conflict when the key was used
// for another body, or while the first request under it still runs.
Response answer_once(App& app, const Route& route, const Request& request);

}  // namespace querist::api
