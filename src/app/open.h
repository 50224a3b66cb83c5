// Opens what a verb works on, in the name of whoever runs it.
#pragma once

#include <memory>

#include "app/verb.h"
#include "storage/store.h"

namespace querist::app {

std::unique_ptr<storage::Store> open_folder(const Invocation& invocation);
// The name of whoever runs the command, for the ledger.
std::string actor();

}  // namespace querist::app
