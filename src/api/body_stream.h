// A request body that is still arriving: a handler pulls, the I/O thread feeds, and only a little
// is held between them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/hash.h"

namespace querist::api {

class BodyStream {
 public:
  static constexpr size_t max_held_bytes = size_t{1} << 20;

  // `wanted` is called from the reader's thread whenever more bytes may be fed.
  explicit BodyStream(std::function<void()> wanted) : wanted_(std::move(wanted)) {}

  // Blocks until bytes are there and returns how many were written to `out`; 0 at the end of the
  // body. Throws Error{cancelled} with the reason when the body breaks off,
  // Error{resource_exhausted} when it grows past its limit.
  size_t read(std::span<char> out);

  // From now on what is read is hashed; hash() ends it.
  void keep_hash() { hash_.emplace(); }
  std::string hash() { return hash_->hex(); }
  bool too_large() const;  // It broke off because it grew past its limit.

  // The I/O thread's side.
  bool has_room() const;  // The reader has begun and less than max_held_bytes wait for it.
  void feed(std::string bytes);
  void finish();
  void break_off(std::string reason, bool too_large = false);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> wanted_;
  std::deque<std::string> pieces_;
  size_t offset_ = 0;  // Bytes of the front piece already read.
  size_t held_ = 0;
  bool begun_ = false;
  bool finished_ = false;
  bool too_large_ = false;
  std::string broken_;
  std::optional<Sha256> hash_;  // The reader's own.
};

}  // namespace querist::api
