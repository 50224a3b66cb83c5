// Every question the product asks of its database, in domain words: one Store, and functions over
// it by topic. The topics: projects.h examples.h leases.h annotations.h selections.h cycles.h
// models.h jobs.h events.h users.h imports.h blobs.h replies.h feature_store.h.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "data/records.h"
#include "storage/database.h"

namespace querist::storage {

class FeatureFiles;

// Thread-safe. Each function over a Store is one transaction of its own unless the calling thread
// is already inside atomically() or snapshot() of the same store: then it joins that.
class Store {
 public:
  Store(std::unique_ptr<Database> database, std::filesystem::path folder, Clock clock);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  int64_t now() const { return clock_(); }
  const std::filesystem::path& folder() const { return folder_; }

  // All or nothing: every change made by store functions within `work` is durable on return, or
  // none is. The work runs on the writer's thread and may run twice, so it must be quick and must
  // set, not add to, what it captures.
  template <class F>
  auto atomically(F&& work) {
    return write([&](Session&) { return work(); });
  }
  // Reads within `work` all see the same state.
  template <class F>
  auto snapshot(F&& work) {
    return read([&](Session&) { return work(); });
  }

  // Called after commits that added events, with the newest sequence, on the writer's thread: be
  // quick, do not write.
  using Listener = std::function<void(int64_t sequence)>;
  int64_t subscribe(Listener listener);
  void unsubscribe(int64_t id);

  // For the storage folder's own files only: SQL lives nowhere else.
  template <class F>
  auto write(F&& work) {
    return run<F>(work, true);
  }
  template <class F>
  auto read(F&& work) {
    return run<F>(work, false);
  }

 private:
  template <class F>
  auto run(F& work, bool writing) {
    using Result = decltype(work(std::declval<Session&>()));
    if constexpr (std::is_void_v<Result>) {
      enter(writing, [&](Session& session) { work(session); });
    } else {
      std::optional<Result> result;
      enter(writing, [&](Session& session) { result.emplace(work(session)); });
      return std::move(*result);
    }
  }
  friend std::shared_ptr<FeatureFiles> embedding_files(Store& store, int64_t project_id,
                                                       size_t dimensions);
  void enter(bool writing, const Database::Work& work);
  void tell_listeners();

  std::unique_ptr<Database> database_;
  std::filesystem::path folder_;
  Clock clock_;
  std::mutex mutex_;
  std::map<int64_t, Listener> listeners_;
  std::mutex embeddings_mutex_;
  std::map<int64_t, std::shared_ptr<FeatureFiles>>
      embeddings_;  // By project; opened once, for checking costs a read.
  int64_t next_listener_ = 1;
  int64_t told_ = 0;
};

// Opens the folder on SQLite and makes its sub-folders.
std::unique_ptr<Store> open_store(const std::filesystem::path& folder, Clock clock = system_clock(),
                                  const OpenOptions& options = {});

}  // namespace querist::storage
