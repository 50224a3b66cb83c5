// One tick: claim, run under a watch that keeps the claim and passes on cancelling, write the end.
#include "jobs/worker.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/stop_point.h"
#include "storage/jobs.h"

namespace querist::jobs {

using storage::Store;
using Milliseconds = std::chrono::milliseconds;

static constexpr int64_t watch_ms = 100;     // How soon a running job learns that it should stop.
static constexpr int64_t progress_ms = 250;  // Progress is stored at most this often.

// A thread beside a running job: extends its lease, and cancels its Progress when asked to.
class Watch {
 public:
  Watch(Store& store, const Job& job, int64_t lease_ms, Progress& progress,
        std::atomic<bool>* stopping)
      : store_(store),
        job_(job),
        lease_ms_(lease_ms),
        progress_(progress),
        stopping_(stopping),
        thread_([this] { watch(); }) {}
  ~Watch() {
    {
      const std::lock_guard hold(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void watch() {
    auto next_beat = std::chrono::steady_clock::now() + Milliseconds(lease_ms_ / 3);
    std::unique_lock hold(mutex_);
    while (!wake_.wait_for(hold, Milliseconds(watch_ms), [this] { return ended_; })) {
      hold.unlock();
      if (stopping_ && *stopping_) progress_.cancel();
      try {
        const auto now = storage::find_job(store_, job_.id);
        const bool ours =
            now && now->state == JobState::running && now->claimed_by == job_.claimed_by;
        if (!ours || now->cancel_requested) progress_.cancel();
        if (ours && std::chrono::steady_clock::now() >= next_beat) {
          heartbeat(store_, job_.id, *job_.claimed_by, lease_ms_);
          next_beat = std::chrono::steady_clock::now() + Milliseconds(lease_ms_ / 3);
        }
      } catch (const Error&
                   error) {  // The door of this thread: the job goes on, the next beat tries again.
        log_warning("job heartbeat failed", {{"job", job_.id}, {"error", error.what()}});
      }
      hold.lock();
    }
  }

  Store& store_;
  const Job& job_;
  int64_t lease_ms_;
  Progress& progress_;
  std::atomic<bool>* stopping_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
  std::thread thread_;
};

struct Outcome {
  std::optional<Json> result;
  Code code = Code::internal;
  std::string message;
};

static Outcome run(Store& store, const JobKind& kind, const Job& job, const WorkerOptions& options,
                   std::atomic<bool>* stopping) {
  auto last = std::chrono::steady_clock::now() - Milliseconds(progress_ms);
  Progress progress([&](double done, double total, std::string_view unit) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < Milliseconds(progress_ms)) return;
    last = now;
    storage::set_job_progress(store, job.id, {done, total, std::string(unit)});
  });
  const Watch watch(store, job, options.lease_ms, progress, stopping);
  try {
    return {.result = kind.run({store, job, progress})};
  } catch (const Error& error) {
    return {.code = error.code(), .message = error.what()};
  } catch (const std::bad_alloc&) {
    return {.code = Code::resource_exhausted, .message = "out of memory"};
  } catch (const std::exception& error) {
    return {.code = Code::internal, .message = error.what()};
  }
}

static std::string worker_name(const WorkerOptions& options) {
  static std::atomic<int64_t> claims = 0;
  return fmt::format("{}-{}-{}", options.name, ::getpid(), ++claims);
}

bool tick(Store& store, const std::vector<JobKind>& kinds, const WorkerOptions& options,
          std::atomic<bool>* stopping) {
  const auto job = claim(store, kinds, worker_name(options), options.lease_ms);
  if (!job) return false;
  stop_point("job_claimed");
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const JobKind& one) { return one.name == job->kind; });
  const Outcome outcome = run(store, *kind, *job, options, stopping);
  stop_point("job_ran");
  if (outcome.result) {
    succeed(store, *job, *outcome.result);
    return true;
  }
  const bool draining = stopping && *stopping && outcome.code == Code::cancelled;
  if (draining && !jobs::job(store, job->id).cancel_requested) {
    hand_back(store, *job);
    return true;
  }
  if (outcome.code != Code::cancelled) {
    log_warning("job did not succeed",
                {{"job", job->id}, {"kind", job->kind}, {"error", outcome.message}});
  }
  end_with(store, *job, outcome.code, outcome.message);
  return true;
}

Worker::Worker(Store& store, std::vector<JobKind> kinds, WorkerOptions options)
    : store_(store), kinds_(std::move(kinds)), options_(std::move(options)) {
  recover(store_, true);
  subscription_ = store_.subscribe([this](int64_t) {
    {
      const std::lock_guard hold(mutex_);
      woken_ = true;
    }
    wake_.notify_one();
  });
  for (size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { loop(); });
}

Worker::~Worker() { stop(); }

void Worker::stop() {
  if (stopping_.exchange(true)) return;
  store_.unsubscribe(subscription_);
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Worker::loop() {
  while (!stopping_) {
    bool worked = false;
    try {
      worked = tick(store_, kinds_, options_, &stopping_);
      if (!worked) recover(store_, false);
    } catch (
        const std::exception& error) {  // The door of this thread: a full disk must not end it.
      log_error("worker could not go on; it tries again", {{"error", error.what()}});
    }
    if (worked) continue;
    std::unique_lock hold(mutex_);
    wake_.wait_for(hold, Milliseconds(options_.poll_ms), [this] { return woken_ || stopping_; });
    woken_ = false;
  }
}

int64_t run_until_idle(Store& store, const std::vector<JobKind>& kinds,
                       const WorkerOptions& options) {
  int64_t ran = 0;
  while (tick(store, kinds, options)) ++ran;
  return ran;
}

}  // namespace querist::jobs
