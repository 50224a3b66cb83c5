// A SIGBUS handler over a table of the ranges that are mapped.
#include "base/mapping_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace querist {

// Written under no lock that the handler would need: `end` is set last and cleared first, and a
// range without an end holds no address.
struct GuardedRange {
  std::atomic<uintptr_t> begin = 0;  // 0: the place is free.
  std::atomic<uintptr_t> end = 0;
  std::atomic<bool> faulted = false;
};

static std::array<GuardedRange, 4096> ranges;

// Only what may be called in a signal handler: atomics without locks and plain system calls.
static void on_bus_error(int signal, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (GuardedRange& range : ranges) {
    if (address < range.begin || address >= range.end) continue;
    range.faulted = true;
    void* const start = reinterpret_cast<void*>(address / page * page);
    const void* mapped =
        ::mmap(start, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (mapped != MAP_FAILED) return;
  }
  ::signal(signal, SIG_DFL);  // Not ours: the access is tried again and ends the process.
}

static void install_handler() {
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

int guard_mapping(const void* data, size_t size) {
  static std::once_flag installed;
  std::call_once(installed, install_handler);
  for (size_t i = 0; i < ranges.size(); ++i) {
    uintptr_t expected = 0;
    if (!ranges[i].begin.compare_exchange_strong(expected, UINTPTR_MAX)) continue;
    ranges[i].faulted = false;
    ranges[i].begin = reinterpret_cast<uintptr_t>(data);
    ranges[i].end = reinterpret_cast<uintptr_t>(data) + size;
    return static_cast<int>(i);
  }
  return -1;
}

void release_mapping(int place) noexcept {
  if (place < 0) return;
  GuardedRange& range = ranges[static_cast<size_t>(place)];
  range.end = 0;
  range.begin = 0;
}

bool mapping_faulted(int place) noexcept {
  return place >= 0 && ranges[static_cast<size_t>(place)].faulted;
}

}  // namespace querist
