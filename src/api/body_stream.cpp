// The bounded pipe between the I/O thread and a handler that reads a large body.
#include "api/body_stream.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace querist::api {

size_t BodyStream::read(std::span<char> out) {
  std::unique_lock lock(mutex_);
  if (!begun_) {
    begun_ = true;
    lock.unlock();
    wanted_();
    lock.lock();
  }
  changed_.wait(lock, [this] { return !pieces_.empty() || finished_ || !broken_.empty(); });
  if (!broken_.empty())
    throw Error(too_large_ ? Code::resource_exhausted : Code::cancelled, broken_);
  if (pieces_.empty()) return 0;
  const bool was_full = held_ >= max_held_bytes;
  size_t written = 0;
  while (!pieces_.empty() && written < out.size()) {
    const std::string& piece = pieces_.front();
    const size_t count = std::min(out.size() - written, piece.size() - offset_);
    std::memcpy(out.data() + written, piece.data() + offset_, count);
    written += count;
    offset_ += count;
    if (offset_ == piece.size()) {
      pieces_.pop_front();
      offset_ = 0;
    }
  }
  held_ -= written;
  const bool tell = was_full && held_ < max_held_bytes;
  lock.unlock();
  if (tell) wanted_();
  if (hash_) hash_->add({out.data(), written});
  return written;
}

bool BodyStream::too_large() const {
  const std::lock_guard lock(mutex_);
  return too_large_;
}

bool BodyStream::has_room() const {
  const std::lock_guard lock(mutex_);
  return begun_ && !finished_ && broken_.empty() && held_ < max_held_bytes;
}

void BodyStream::feed(std::string bytes) {
  if (bytes.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    held_ += bytes.size();
    pieces_.push_back(std::move(bytes));
  }
  changed_.notify_one();
}

void BodyStream::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_one();
}

void BodyStream::break_off(std::string reason, bool too_large) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_ || !broken_.empty()) return;
    broken_ = std::move(reason);
    too_large_ = too_large;
  }
  changed_.notify_one();
}

}  // namespace querist::api
