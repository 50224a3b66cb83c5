// Wall time as milliseconds since 1970, replaceable in tests, and its RFC 3339 text.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace querist {

using Clock = std::function<int64_t()>;  // Milliseconds since 1970-01-01 UTC.

Clock system_clock();
std::string rfc3339(int64_t milliseconds);

// Seconds since an arbitrary start; for durations only.
double monotonic_seconds();
// Seconds of processor time this process has used, all threads.
double cpu_seconds();

}  // namespace querist
