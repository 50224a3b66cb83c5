// How the caller of a long computation stops it: the computation asks between its steps.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

namespace querist {

// While it lives, computations of this thread ask `asked` now and then (at most once in `apart`; at
// every check where that is 0) whether to stop. The innermost scope of a thread counts.
class InterruptScope {
 public:
  explicit InterruptScope(std::function<bool()> asked,
                          std::chrono::milliseconds apart = std::chrono::milliseconds(20));
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  friend void check_interrupt();

  std::function<bool()> asked_;
  std::chrono::milliseconds apart_;
  const InterruptScope* outer_;
};

// While it lives, computations of this thread stop once the flag is set: a worker has no scope of
// its own, and its loop's caller speaks for it.
class StopFlagScope {
 public:
  explicit StopFlagScope(const std::atomic<bool>& stopped);
  ~StopFlagScope();
  StopFlagScope(const StopFlagScope&) = delete;
  StopFlagScope& operator=(const StopFlagScope&) = delete;

 private:
  const std::atomic<bool>* outer_;
};

// Throws Error{cancelled} where the scope or the flag of this thread says so; costs a clock reading
// with a scope and next to nothing without. Loops that can take longer than 0.1 s call it every so
// often; parallel_for does between its chunks.
void check_interrupt();

}  // namespace querist
