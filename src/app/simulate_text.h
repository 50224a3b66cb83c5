// What querist simulate says on standard output.
#pragma once

#include "base/json.h"

namespace querist::app {

void print_summary(const Json& result);    // Of a simulation.
void print_screening(const Json& result);  // Of --protocol screening.

}  // namespace querist::app
