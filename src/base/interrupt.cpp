// One innermost scope a thread, asked at most every 20 ms.
#include "base/interrupt.h"

#include <chrono>
#include <utility>

#include "base/error.h"

namespace querist {

using SteadyTime = std::chrono::steady_clock::time_point;

static thread_local const std::function<bool()>* innermost = nullptr;
static thread_local SteadyTime last_asked{};
static thread_local const std::atomic<bool>* given_up_loop = nullptr;

InterruptScope::InterruptScope(std::function<bool()> asked)
    : asked_(std::move(asked)), outer_(innermost) {
  innermost = &asked_;
}

InterruptScope::~InterruptScope() { innermost = outer_; }

HelpScope::HelpScope(const std::atomic<bool>& given_up) : outer_(given_up_loop) {
  given_up_loop = &given_up;
}

HelpScope::~HelpScope() { given_up_loop = outer_; }

void check_interrupt() {
  if (given_up_loop && *given_up_loop) fail(Code::cancelled, "the loop was given up");
  if (!innermost) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_asked < std::chrono::milliseconds(20)) return;
  last_asked = now;
  if ((*innermost)()) fail(Code::cancelled, "the work was interrupted");
}

}  // namespace querist
