// One fixed pool of worker threads, and loops spread over it.
#pragma once

#include <cstddef>
#include <functional>

namespace querist {

// How many threads loops may use from now on; 0 means the machine's cores.
void set_threads(size_t count);
size_t thread_count();

// Calls body(begin, end) on chunks of [0, n) of at least `grain` items, the caller's thread
// helping; the first exception is rethrown, and the chunks left are skipped then: those under way
// end at their next check_interrupt(). Chunks do not depend on how many threads there are only if
// the body's result does not depend on the chunks: keep it so. A loop inside a loop runs on its
// caller's thread alone. A child that was forked outside a loop has workers of its own.
void parallel_for(size_t n, size_t grain,
                  const std::function<void(size_t begin, size_t end)>& body);

}  // namespace querist
