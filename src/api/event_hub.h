// Spreads the store's new events over every open feed, from one thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/event_feed.h"
#include "data/records.h"
#include "storage/store.h"

namespace querist::api {

class EventHub {
 public:
  explicit EventHub(storage::Store& store);
  ~EventHub() { stop(); }

  // A feed of the changes of one project or of all. With `after` (the last event the client saw) it
  // begins with those missed since; too many of them become one event of kind "resync".
  std::shared_ptr<EventFeed> open(std::optional<std::string> project, std::optional<int64_t> after);
  void stop();

 private:
  struct Listener {
    std::weak_ptr<EventFeed> feed;
    std::optional<std::string> project;
    std::optional<int64_t> after;
  };
  void run(int64_t last);                                     // Sends on the events after this one.
  int64_t turn(std::vector<Listener> joining, int64_t last);  // Returns the new last sequence.
  void catch_up(const Listener& listener, int64_t through);
  void spread(const Event& event);

  storage::Store& store_;
  int64_t subscription_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool news_ = false;
  std::vector<Listener> joining_;
  std::vector<Listener> listeners_;  // The thread's own.
  std::thread thread_;
};

}  // namespace querist::api
