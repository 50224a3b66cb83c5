// A running server behind the API's routes.
#include <chrono>
#include <thread>

#include "app/backend.h"
#include "base/error.h"

namespace querist::app {

// Follows a job to its end.
static void await_job(const Backend& backend, Json job, const Progress& progress) {
  const std::string path = fmt::format("/api/v1/jobs/{}", job["id"].get<int64_t>());
  for (int wait = 10;; wait = std::min(wait * 3 / 2, 500)) {
    const auto state = job["state"].get<std::string>();
    if (state == "succeeded") return;
    if (state == "failed" || state == "cancelled") {
      fail(Code::conflict, "the server's job {} {}: {}", job["id"].get<int64_t>(), state,
           job["error"].is_string() ? job["error"].get<std::string>() : "it did not say why");
    }
    if (const Json& at = job["progress"]; at.is_object()) {
      progress.at(at["done"].get<double>(), at["total"].get<double>(),
                  at["unit"].get<std::string>());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(wait));
    job = ask(backend, "GET", path);
  }
}

Backend server_backend(const std::string& url, const std::string& token) {
  const auto client =
      std::make_shared<api::HttpClient>(api::ClientOptions{.url = url, .token = token});
  Backend backend;
  backend.place = url;
  backend.send = [client](const api::ClientRequest& request) {
    try {
      return client->send(request);
    } catch (const Error& error) {
      if (error.code() != Code::unauthenticated) throw;
      fail(error.code(), "{}; here: --token TOKEN or QUERIST_TOKEN", error.what());
    }
  };
  backend.turn = [send = backend.send](const std::string& project, bool at_once,
                                       const Progress& progress) {
    Backend self;
    self.send = send;
    const Json job = ask(self, "POST", project_path(project) + "/cycles", {{"at_once", at_once}});
    await_job(self, job, progress);
  };
  return backend;
}

}  // namespace querist::app
