// Entering and leaving transactions, joining the one a thread is already in, and telling of new
// events.
#include "storage/store.h"

#include "storage/events.h"

namespace querist::storage {

// The transactions that this thread is inside of, innermost first.
struct Frame {
  const Database* database;
  Session* session;
  bool writing;
  const Frame* outer;
};

static thread_local const Frame* innermost = nullptr;

static void run_framed(const Database* database, Session& session, bool writing,
                       const Database::Work& work) {
  const Frame frame{database, &session, writing, innermost};
  struct Leave {
    ~Leave() { innermost = innermost->outer; }
  };
  innermost = &frame;
  const Leave leave;
  work(session);
}

Store::Store(std::unique_ptr<Database> database, std::filesystem::path folder, Clock clock)
    : database_(std::move(database)), folder_(std::move(folder)), clock_(std::move(clock)) {
  told_ = last_sequence(*this);
  database_->after_commit([this] { tell_listeners(); });
}

Store::~Store() { database_.reset(); }

void Store::enter(bool writing, const Database::Work& work) {
  for (const Frame* frame = innermost; frame; frame = frame->outer) {
    if (frame->database == database_.get() && (frame->writing || !writing)) {
      return work(*frame->session);
    }
  }
  const Database* self = database_.get();
  const auto framed = [&](Session& session) { run_framed(self, session, writing, work); };
  return writing ? database_->write(framed) : database_->read(framed);
}

int64_t Store::subscribe(Listener listener) {
  const std::lock_guard hold(mutex_);
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}

void Store::unsubscribe(int64_t id) {
  const std::lock_guard hold(mutex_);
  listeners_.erase(id);
}

// Holds the lock while it calls, so that nobody is told after unsubscribe() has returned.
void Store::tell_listeners() {
  const std::lock_guard hold(mutex_);
  if (listeners_.empty()) return;
  const int64_t sequence = last_sequence(*this);
  if (sequence == told_) return;
  told_ = sequence;
  for (const auto& [id, listener] : listeners_) listener(sequence);
}

std::unique_ptr<Store> open_store(const std::filesystem::path& folder, Clock clock,
                                  const OpenOptions& options) {
  if (!options.read_only) {
    std::error_code error;
    for (const char* name : {"blobs", "features", "models", "featurizers"}) {
      std::filesystem::create_directories(folder / name, error);
      if (!error) continue;
      const bool denied =
          error == std::errc::permission_denied || error == std::errc::read_only_file_system;
      const bool full = error == std::errc::no_space_on_device;
      fail(denied ? Code::permission_denied
           : full ? Code::resource_exhausted
                  : Code::unavailable,
           "cannot make the data folder {}: {}", (folder / name).string(), error.message());
    }
  } else if (!std::filesystem::exists(folder / "querist.db")) {
    fail(Code::not_found,
         "there is no Querist data in {}: import something first, or check --data-dir",
         folder.string());
  }
  return std::make_unique<Store>(open_sqlite(folder, options), folder, std::move(clock));
}

}  // namespace querist::storage
