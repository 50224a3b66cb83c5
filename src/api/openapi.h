// The description of every route as OpenAPI 3.1.
#pragma once

#include <string_view>

#include "api/route.h"
#include "base/json.h"

namespace querist::api {

Json openapi(const Routes& routes, std::string_view version);

}  // namespace querist::api
