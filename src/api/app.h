// What handlers may reach; nothing but a handler is ever given all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/event_hub.h"
#include "api/http_server.h"
#include "api/login_throttle.h"
#include "api/shapes.h"
#include "api/telemetry.h"
#include "loop/workshop.h"
#include "serving/deployment.h"
#include "storage/store.h"

namespace querist::api {

// What handlers ask of the loop. Each stays empty until the loop is wired in.
struct LoopDoors {
  // The newest model's say about rows of a project; nothing for all when there is no model.
  std::function<std::vector<std::optional<Prediction>>(const Project&,
                                                       std::span<const int64_t> rows)>
      predictions;
  // Ids of unlabeled examples, the least certain first; `after` is how many to pass over.
  std::function<Page<int64_t>(const Project&, int64_t after, size_t limit)> uncertain;
  // Draws the project's first selection at once. Throws conflict, saying why, when it cannot.
  std::function<void(const Project&, const std::string& actor)> draw_selection;
};

struct App {
  storage::Store& store;
  EventHub& events;
  Telemetry& telemetry;
  loop::Workshops& workshops;
  serving::Deployments& deployments;
  std::string version;
  std::string build;
  bool on_loopback = true;  // Listens on a loopback address only.
  int64_t started_at = 0;
  std::atomic<bool> ready = false;  // Answers /v2/health/ready; false while stopping.
  LoginThrottle logins{};
  LoopDoors loop{};
  std::function<ServerCounts()> server_counts{};  // Empty until the server listens.
};

}  // namespace querist::api
