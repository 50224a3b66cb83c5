// Refilling and growing of the window.
#include "formats/stream/window.h"

#include <algorithm>
#include <cstring>

namespace querist::formats {

static constexpr size_t block = size_t{256} << 10;
static constexpr size_t padding = 64;

void Window::make_room(size_t total) {
  const size_t held = end_ - begin_;
  if (begin_ + total <= capacity_) return;
  if (total <= capacity_) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
  } else {
    auto larger = std::make_unique_for_overwrite<char[]>(total + padding);
    std::memset(larger.get() + total, 0, padding);
    if (held) std::memcpy(larger.get(), buffer_.get() + begin_, held);
    buffer_ = std::move(larger);
    capacity_ = total;
  }
  begin_ = 0;
  end_ = held;
}

bool Window::more() {
  const size_t held = end_ - begin_;
  // Where little is held one call must do: a source that fails on the next one has still given
  // these bytes.
  const size_t wanted =
      held < block ? held + 1 : std::min(2 * held, std::max(held, max_row_bytes) + block);
  make_room(std::max(held < block ? 2 * block : wanted, wanted));
  while (!ended_ && end_ - begin_ < wanted) {
    const size_t got = source_(buffer_.get() + end_, capacity_ - end_);
    if (got == 0) ended_ = true;
    end_ += got;
  }
  return end_ - begin_ > held;
}

}  // namespace querist::formats
