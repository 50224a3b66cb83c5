// Threads that claim jobs and run them, and drain when told to stop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "jobs/queue.h"

namespace querist::jobs {

struct WorkerOptions {
  std::string name = "worker";
  size_t threads = 1;
  int64_t lease_ms = 60'000;
  int64_t poll_ms = 1'000;  // How long to sleep at most when nothing is due.
};

// Claims one job that is due, runs it, writes its end. False when nothing was due.
bool tick(storage::Store& store, const std::vector<JobKind>& kinds, const WorkerOptions& options,
          std::atomic<bool>* stopping = nullptr);

class Worker {
 public:
  // Hands jobs left running by an earlier process back to the queue, then starts.
  Worker(storage::Store& store, std::vector<JobKind> kinds, WorkerOptions options = {});
  ~Worker();  // stop().
  // No new jobs; running ones are asked to stop and go back to the queue; returns when all threads
  // ended.
  void stop();

 private:
  void loop();

  storage::Store& store_;
  std::vector<JobKind> kinds_;
  WorkerOptions options_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  int64_t subscription_ = 0;
  std::vector<std::thread> threads_;
};

// Runs everything that is due, on this thread, until nothing is: for the command line and tests.
int64_t run_until_idle(storage::Store& store, const std::vector<JobKind>& kinds,
                       const WorkerOptions& options = {});

}  // namespace querist::jobs
