// A window over a byte source: the bytes that are not consumed yet, contiguous, growing only while
// one row needs it.
#pragma once

#include <memory>
#include <string_view>

#include "base/limits.h"
#include "formats/format.h"

namespace querist::formats {

// A row longer than this is passed over, so that no input can make a reader hold more than this.
inline constexpr size_t max_row_bytes = 2 * limits::max_cell_bytes;

class Window {
 public:
  explicit Window(ByteSource source) : source_(std::move(source)) {}

  // 64 bytes beyond the end may be read (not used), as the JSON parser does.
  std::string_view rest() const { return {buffer_.get() + begin_, end_ - begin_}; }
  char* data() { return buffer_.get() + begin_; }
  void pass(size_t count) { begin_ += count; }
  // No byte follows those in rest().
  bool ended() const { return ended_; }
  // Reads on, once where little is held and to the double where much is; false when nothing came.
  // Views of rest() die.
  bool more();

 private:
  void make_room(size_t total);

  ByteSource source_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool ended_ = false;
};

}  // namespace querist::formats
