// How the caller of a long computation stops it: the computation asks between its steps.
#pragma once

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

// Throws Error{cancelled} where the scope of this thread says so; costs a clock reading with one
// and nothing without. Loops that can take longer than 0.1 s call it every so often; parallel_for
// does between its chunks.
void check_interrupt();

}  // namespace querist
