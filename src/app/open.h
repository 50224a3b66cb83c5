// Opens what a verb works on: the data folder and a project in it.
#pragma once

#include <memory>

#include "app/verb.h"
#include "storage/projects.h"
#include "storage/store.h"

namespace querist::app {

std::unique_ptr<storage::Store> open_folder(const Invocation& invocation);
// The project named by --project; with one project only, that one.
Project chosen_project(storage::Store& store, const Invocation& invocation);
// The name of whoever runs the command, for the ledger.
std::string actor();

}  // namespace querist::app
