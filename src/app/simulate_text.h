// What querist simulate says on standard output.
#pragma once

#include <string>

#include "app/verb.h"
#include "base/json.h"

namespace querist::app {

void print_summary(const Json& result);    // Of a simulation.
void print_screening(const Json& result);  // Of --protocol screening.

// What a shell takes to run the same again: data, then the options that were given, but for the
// files written.
std::string command_of(const Invocation& invocation);

}  // namespace querist::app
