// The worker pool behind parallel_for.
#include "base/threads.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "base/interrupt.h"

namespace querist {

static std::atomic<size_t> wanted_threads = 0;
static thread_local bool inside_loop = false;

void set_threads(size_t count) { wanted_threads = count; }

size_t thread_count() {
  // Asked once: the system answers from a file, which costs more than many a loop.
  static const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  const size_t wanted = wanted_threads;
  return wanted ? wanted : cores;
}

// A loop's chunks, taken by whoever is free.
struct LoopState {
  size_t n = 0;
  size_t chunk = 0;
  const std::function<void(size_t, size_t)>* body = nullptr;
  std::atomic<size_t> next = 0;
  std::atomic<size_t> done = 0;
  std::atomic<bool> failed = false;  // The chunks left are skipped.
  std::mutex mutex;
  std::condition_variable finished;
  std::exception_ptr error;

  void work() {
    const bool was_inside = inside_loop;
    inside_loop = true;
    const StopFlagScope scope(failed);
    for (size_t begin = next.fetch_add(chunk); begin < n; begin = next.fetch_add(chunk)) {
      const size_t end = std::min(n, begin + chunk);
      try {
        if (!failed) (*body)(begin, end);
        check_interrupt();
      } catch (...) {  // The loop's door: the first failure is rethrown to the caller.
        keep_failure();
      }
      if (done.fetch_add(end - begin) + (end - begin) == n) {
        const std::lock_guard lock(mutex);
        finished.notify_all();
      }
    }
    inside_loop = was_inside;
  }
  // The caller's chunks are done: it goes on asking whether to stop while others finish theirs.
  void wait() {
    std::unique_lock lock(mutex);
    const auto is_done = [&] { return done == n; };
    while (!finished.wait_for(lock, std::chrono::milliseconds(20), is_done)) {
      lock.unlock();
      try {
        if (!failed) check_interrupt();
      } catch (...) {  // Rethrown once nobody works on the loop any more.
        keep_failure();
      }
      lock.lock();
    }
  }

 private:
  void keep_failure() {
    const std::lock_guard lock(mutex);
    if (!error) error = std::current_exception();
    failed = true;
  }
};

// Never destroyed: a thread that still runs while the program ends may offer it a loop, and does
// that loop alone.
class WorkerPool {
 public:
  // Starts what is missing to `count` workers.
  void grow(size_t count) {
    const std::lock_guard lock(mutex_);
    while (!closing_ && threads_.size() < count) threads_.emplace_back([this] { run(); });
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  void offer(const std::shared_ptr<LoopState>& loop, size_t helpers) {
    {
      const std::lock_guard lock(mutex_);
      for (size_t i = 0; i < helpers && !closing_; ++i) queue_.push(loop);
    }
    wake_.notify_all();
  }

 private:
  void run() {
    for (;;) {
      std::shared_ptr<LoopState> loop;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
        if (queue_.empty()) return;
        loop = std::move(queue_.front());
        queue_.pop();
      }
      loop->work();
    }
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::queue<std::shared_ptr<LoopState>> queue_;
  bool closing_ = false;
};

// The process's pool. A fork takes along the memory and not the workers, so the child leaves that
// pool where it lies, whatever its locks were doing, and starts its own with its first loop.
class CurrentPool {
 public:
  CurrentPool() {
    pthread_atfork(nullptr, nullptr, [] { current().pool_ = nullptr; });
  }
  ~CurrentPool() {
    if (WorkerPool* pool = pool_) pool->close();
  }
  CurrentPool(const CurrentPool&) = delete;
  CurrentPool& operator=(const CurrentPool&) = delete;

  static CurrentPool& current() {
    static CurrentPool one;
    return one;
  }
  WorkerPool& pool() {
    WorkerPool* here = pool_;
    if (here) return *here;
    auto fresh = std::make_unique<WorkerPool>();
    return pool_.compare_exchange_strong(here, fresh.get()) ? *fresh.release() : *here;
  }

 private:
  std::atomic<WorkerPool*> pool_ = nullptr;
};

void parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t)>& body) {
  if (n == 0) return;
  const size_t threads = thread_count();
  const size_t chunk =
      std::max<size_t>(std::max<size_t>(grain, 1), (n + threads * 4 - 1) / (threads * 4));
  if (threads == 1 || inside_loop || chunk >= n) {
    for (size_t begin = 0; begin < n; begin += chunk) {
      body(begin, std::min(n, begin + chunk));
      check_interrupt();
    }
    return;
  }
  WorkerPool& pool = CurrentPool::current().pool();
  pool.grow(threads - 1);
  auto loop = std::make_shared<LoopState>();
  loop->n = n;
  loop->chunk = chunk;
  loop->body = &body;
  pool.offer(loop, std::min(threads - 1, (n + chunk - 1) / chunk - 1));
  loop->work();
  loop->wait();
  if (loop->error) std::rethrow_exception(loop->error);
}

}  // namespace querist
