// What verbs ask of either kind of backend.
#include "app/backend.h"

#include "api/http_text.h"
#include "base/error.h"

namespace querist::app {

Backend open_backend(const Invocation& invocation) {
  const std::string url = invocation.text("server");
  const bool folder_wins = invocation.by_flag("data_dir") && !invocation.by_flag("server");
  if (url.empty() || folder_wins) return folder_backend(invocation.text("data_dir"));
  if (invocation.by_flag("data_dir"))
    wrong_usage("pass --server or --data-dir, not both: the server has a folder of its own");
  try {
    api::parse_address(url);
  } catch (const Error& error) {
    wrong_usage("{}", error.what());
  }
  return server_backend(url, invocation.text("token"));
}

Json ask(const Backend& backend, std::string_view method, const std::string& target,
         const Json& body) {
  const std::string answer = backend.send(
      {.method = method, .target = target, .body = body.is_null() ? std::string() : body.dump()});
  return answer.empty() ? Json() : parse_json(answer);
}

void each_item(const Backend& backend, const std::string& target, int64_t after,
               const std::function<void(const Json&)>& receive) {
  const char join = target.find('?') == std::string::npos ? '?' : '&';
  std::string cursor = after > 0 ? fmt::format("&after={}", after) : "";
  for (;;) {
    const Json page = ask(backend, "GET", fmt::format("{}{}limit=1000{}", target, join, cursor));
    for (const Json& item : page["items"]) receive(item);
    if (page["next"].is_null()) return;
    cursor = "&after=" + page["next"].get<std::string>();
  }
}

std::string chosen_project(const Backend& backend, const Invocation& invocation) {
  if (!invocation.text("project").empty()) return invocation.text("project");
  std::vector<std::string> names;
  each_item(backend, "/api/v1/projects", 0,
            [&](const Json& project) { names.push_back(project["name"].get<std::string>()); });
  if (names.size() == 1) return names.front();
  if (names.empty())
    refuse("there is no project in {} yet: begin with querist import", backend.place);
  wrong_usage("pass --project: there are {}", fmt::join(names, ", "));
}

std::string project_path(const std::string& name) {
  return "/api/v1/projects/" + api::percent_encode(name);
}

}  // namespace querist::app
