// The heavier parts of querist evaluate: which were asked for, and how they read in a terminal.
#pragma once

#include <string>

#include "app/backend.h"

namespace querist::app {

// --ood, --robustness and --model-version.
ParamSpecs evaluation_options();

// The body of GET …/evaluation for the parts that were asked for; null: none was.
Json ask_evaluation(const Backend& backend, const std::string& project,
                    const Invocation& invocation);

std::string evaluation_text(const Json& evaluation);

}  // namespace querist::app
