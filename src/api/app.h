// What handlers may reach; nothing but a handler is ever given all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "api/event_hub.h"
#include "api/http_server.h"
#include "api/telemetry.h"
#include "storage/store.h"

namespace querist::api {

struct App {
  storage::Store& store;
  EventHub& events;
  Telemetry& telemetry;
  std::string version;
  std::string build;
  bool on_loopback = true;  // Listens on a loopback address only.
  int64_t started_at = 0;
  std::atomic<bool> ready = false;                // Answers /v2/health/ready; false while stopping.
  std::function<ServerCounts()> server_counts{};  // Empty until the server listens.
};

}  // namespace querist::api
