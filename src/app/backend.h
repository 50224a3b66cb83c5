// Where a verb's work is done: a data folder, or a running server. Both answer the API's routes, so
// that a verb is written once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/http_client.h"
#include "app/verb.h"
#include "base/json.h"
#include "base/progress.h"
#include "storage/store.h"

namespace querist::app {

struct Backend {
  // The body that a route of the API answers; a refusal is thrown.
  std::function<std::string(const api::ClientRequest&)> send;
  // Turns the project's loop and returns when it waits for labels or has ended.
  std::function<void(const std::string& project, bool at_once, const Progress&)> turn;
  storage::Store* store = nullptr;  // The folder's; null: a server keeps its own.
  std::string place;                // In words.
};

Backend folder_backend(const std::string& data_dir);
Backend server_backend(const std::string& url, const std::string& token);
// As --server and --data-dir say.
Backend open_backend(const Invocation& invocation);

// The JSON that a route answers.
Json ask(const Backend& backend, std::string_view method, const std::string& target,
         const Json& body = {});
// Every item of a list after a cursor, page by page; target without ?limit= and ?after=.
void each_item(const Backend& backend, const std::string& target, int64_t after,
               const std::function<void(const Json&)>& receive);

// The project named by --project; with one project only, that one.
std::string chosen_project(const Backend& backend, const Invocation& invocation);
// "/api/v1/projects/NAME".
std::string project_path(const std::string& name);

}  // namespace querist::app
