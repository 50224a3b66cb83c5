// Aligned to large pages, so that the system can use them from the first byte on.
#include "kernels/large_buffer.h"

#include <sys/mman.h>

#include <new>

namespace querist::kernels {

static constexpr size_t large_page = 2ull << 20;

LargeBuffer::LargeBuffer(size_t bytes) {
  const size_t whole = (bytes / large_page + 1) * large_page;
  bytes_.reset(static_cast<uint8_t*>(std::aligned_alloc(large_page, whole)));
  if (bytes_ == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  ::madvise(bytes_.get(), whole, MADV_HUGEPAGE);  // A wish: without it the pages are small.
#endif
}

}  // namespace querist::kernels
