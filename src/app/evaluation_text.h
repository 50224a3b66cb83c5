// The parts of an evaluation as lines for a terminal.
#pragma once

#include <string>

#include "base/json.h"

namespace querist::app {

// Of the answer of GET progress.
std::string metrics_text(const Json& report);

std::string slices_text(const Json& slices);
std::string groups_text(const Json& groups, const Json& rounds);
std::string leakage_text(const Json& leakage);

}  // namespace querist::app
