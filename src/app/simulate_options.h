// The options of querist simulate, as rows.
#pragma once

#include "base/params.h"

namespace querist::app {

ParamSpecs simulate_options();

}  // namespace querist::app
