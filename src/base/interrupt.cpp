// One innermost scope a thread, asked no oftener than it wants, and one flag.
#include "base/interrupt.h"

#include <utility>

#include "base/error.h"

namespace querist {

using SteadyTime = std::chrono::steady_clock::time_point;

static thread_local const InterruptScope* innermost = nullptr;
static thread_local SteadyTime last_asked{};
static thread_local const std::atomic<bool>* stop_flag = nullptr;

InterruptScope::InterruptScope(std::function<bool()> asked, std::chrono::milliseconds apart)
    : asked_(std::move(asked)), apart_(apart), outer_(innermost) {
  innermost = this;
}

InterruptScope::~InterruptScope() { innermost = outer_; }

StopFlagScope::StopFlagScope(const std::atomic<bool>& stopped)
    : outer_(std::exchange(stop_flag, &stopped)) {}

StopFlagScope::~StopFlagScope() { stop_flag = outer_; }

void check_interrupt() {
  if (stop_flag && *stop_flag) fail(Code::cancelled, "the work was interrupted");
  if (!innermost) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_asked < innermost->apart_) return;
  last_asked = now;
  if (innermost->asked_()) fail(Code::cancelled, "the work was interrupted");
}

}  // namespace querist
