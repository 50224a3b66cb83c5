// The sending end of one answer that stays open (server-sent events): fed from any thread, dropped
// when its client is slow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace querist::api {

// One event as it stands on the wire; data must not hold line breaks.
std::string event_text(std::string_view event, int64_t id, std::string_view data);

class EventFeed {
 public:
  explicit EventFeed(size_t max_held_bytes = size_t{256} << 10) : max_held_bytes_(max_held_bytes) {}

  // False once the feed is closed or the client has fallen more than max_held_bytes behind, which
  // closes it.
  bool send(std::string_view text);
  void close();
  bool closed() const;

  // The connection's side. `changed` is called, from the sender's thread, when something new can be
  // taken; it must be quick and not call the feed.
  void on_change(std::function<void()> changed);
  std::string take();
  bool dropped() const;  // Closed because the client was too slow.

 private:
  const size_t max_held_bytes_;
  mutable std::mutex mutex_;
  std::function<void()> changed_;
  std::string held_;
  bool told_ = false;  // `changed` was called and nothing was taken since.
  bool closed_ = false;
  bool dropped_ = false;
};

}  // namespace querist::api
