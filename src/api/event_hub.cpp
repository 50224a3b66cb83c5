// The thread between the ledger and the open feeds.
#include "api/event_hub.h"

#include "base/json.h"
#include "base/log.h"
#include "storage/events.h"

namespace querist::api {

static constexpr size_t page = 1000;
static constexpr int64_t most_missed = 1000;

static std::string change_text(const Event& event) {
  const Json data = {{"sequence", event.sequence},
                     {"kind", event.kind},
                     {"project", event.project ? Json(*event.project) : Json()}};
  return event_text("change", event.sequence, canonical_json(data));
}

static bool wanted(const Event& event, const std::optional<std::string>& project) {
  return !project || event.project == project;
}

EventHub::EventHub(storage::Store& store) : store_(store) {
  subscription_ = store_.subscribe([this](int64_t) {
    {
      const std::lock_guard lock(mutex_);
      news_ = true;
    }
    changed_.notify_one();
  });
  thread_ = std::thread([this, last = storage::last_sequence(store_)] { run(last); });
}

void EventHub::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  store_.unsubscribe(subscription_);
  changed_.notify_one();
  thread_.join();
  for (const Listener& listener : listeners_) {
    if (const auto feed = listener.feed.lock()) feed->close();
  }
}

std::shared_ptr<EventFeed> EventHub::open(std::optional<std::string> project,
                                          std::optional<int64_t> after) {
  auto feed = std::make_shared<EventFeed>();
  {
    const std::lock_guard lock(mutex_);
    joining_.push_back({feed, std::move(project), after});
  }
  changed_.notify_one();
  return feed;
}

void EventHub::catch_up(const Listener& listener, int64_t through) {
  const auto feed = listener.feed.lock();
  if (!feed || !listener.after || *listener.after >= through) return;
  if (through - *listener.after > most_missed) {
    const Json data = {{"sequence", through}, {"kind", "resync"}, {"project", nullptr}};
    feed->send(event_text("change", through, canonical_json(data)));
    return;
  }
  for (const Event& event :
       storage::events(store_, {.after = *listener.after, .limit = page}).items) {
    if (event.sequence <= through && wanted(event, listener.project))
      feed->send(change_text(event));
  }
}

void EventHub::spread(const Event& event) {
  const std::string text = change_text(event);
  std::erase_if(listeners_, [&](const Listener& listener) {
    const auto feed = listener.feed.lock();
    return !feed || (wanted(event, listener.project) ? !feed->send(text) : feed->closed());
  });
}

void EventHub::run(int64_t last) {
  for (;;) {
    std::vector<Listener> joining;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || news_ || !joining_.empty(); });
      if (stopping_) return;
      news_ = false;
      joining.swap(joining_);
    }
    // The thread's door: what cannot be read now is read with the next change.
    try {
      last = turn(std::move(joining), last);
    } catch (const std::exception& error) {
      log_error("events could not be sent on", {{"reason", error.what()}});
    }
  }
}

int64_t EventHub::turn(std::vector<Listener> joining, int64_t last) {
  std::erase_if(listeners_, [](const Listener& listener) { return listener.feed.expired(); });
  for (Listener& listener : joining) {
    catch_up(listener, last);
    listeners_.push_back(std::move(listener));
  }
  for (bool more = true; more;) {
    const auto fresh = storage::events(store_, {.after = last, .limit = page});
    for (const Event& event : fresh.items) {
      spread(event);
      last = event.sequence;
    }
    more = fresh.items.size() == page;
  }
  return last;
}

}  // namespace querist::api
