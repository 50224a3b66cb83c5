// A fixed pool of threads with a short queue: what finds the queue full is told so instead of
// waiting.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace querist::api {

class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t max_queued);
  ~WorkerPool() { stop(); }

  // False when the queue is full or the pool is stopping; the work then never runs. Work must not
  // throw.
  bool submit(std::function<void()> work);
  // Runs what is queued, then ends the threads.
  void stop();

  size_t threads() const { return threads_.size(); }

 private:
  void run();

  size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace querist::api
