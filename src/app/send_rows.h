// Rows to a server: each batch as JSON Lines in the API's own shape of an example.
#pragma once

#include "app/backend.h"
#include "loop/import.h"

namespace querist::app {

// Keeps rows in the project at this path of the API.
loop::KeepRows send_rows(const Backend& backend, const std::string& path);

}  // namespace querist::app
