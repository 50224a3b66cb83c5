// The bounded buffer behind one open answer.
#include "api/event_feed.h"

#include <utility>

#include "base/error.h"

namespace querist::api {

std::string event_text(std::string_view event, int64_t id, std::string_view data) {
  return fmt::format("event: {}\nid: {}\ndata: {}\n\n", event, id, data);
}

// The listener is called under the lock, so that on_change({}) returns only when no call is
// running.
bool EventFeed::send(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  if (held_.size() + text.size() > max_held_bytes_) {
    closed_ = dropped_ = true;
    held_.clear();
    if (changed_) changed_();
    return false;
  }
  held_ += text;
  if (changed_ && !told_) changed_();
  told_ = true;
  return true;
}

void EventFeed::close() {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  closed_ = true;
  if (changed_) changed_();
}

bool EventFeed::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool EventFeed::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void EventFeed::on_change(std::function<void()> changed) {
  const std::lock_guard lock(mutex_);
  changed_ = std::move(changed);
}

std::string EventFeed::take() {
  const std::lock_guard lock(mutex_);
  told_ = false;
  return std::exchange(held_, {});
}

}  // namespace querist::api
