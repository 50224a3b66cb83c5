// How the caller of a long computation stops it: the computation asks between its steps.
#pragma once

#include <atomic>
#include <functional>

namespace querist {

// While it lives, computations of this thread ask `asked` now and then (at most every 20 ms)
// whether to stop. The innermost scope of a thread counts.
class InterruptScope {
 public:
  explicit InterruptScope(std::function<bool()> asked);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  std::function<bool()> asked_;
  const std::function<bool()>* outer_;
};

// Throws Error{cancelled} where the scope of this thread says so, or where this thread helps in a
// loop that has failed on another; costs a clock reading with a scope and almost nothing without.
// Whatever can take longer than 0.1 s calls it every so often; parallel_for does between its
// chunks.
void check_interrupt();

// While it lives, this thread gives up at check_interrupt once `given_up` is true.
class HelpScope {
 public:
  explicit HelpScope(const std::atomic<bool>& given_up);
  ~HelpScope();
  HelpScope(const HelpScope&) = delete;
  HelpScope& operator=(const HelpScope&) = delete;

 private:
  const std::atomic<bool>* outer_;
};

}  // namespace querist
