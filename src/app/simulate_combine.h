// querist simulate --combine: several results as one comparison.
#pragma once

#include "app/verb.h"

namespace querist::app {

int combine_results(const Invocation& invocation);

}  // namespace querist::app
