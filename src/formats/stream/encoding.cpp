// Conversion of UTF-16 (RFC 2781) and the check for UTF-8 (Keiser and Lemire 2021, through
// simdjson).
#include "formats/stream/encoding.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace querist::formats {

// Turns a run of UTF-16 bytes into UTF-8, keeping what is cut in the middle for the next run.
struct Utf16 {
  bool big_endian = false;
  int odd_byte = -1;
  uint32_t high = 0;  // A high surrogate that waits for its low one.

  static constexpr char broken = '\xff';

  static void append(std::string& out, uint32_t point) {
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xc0 | (point >> 6));
      out += static_cast<char>(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      out += static_cast<char>(0xe0 | (point >> 12));
      out += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | (point >> 18));
      out += static_cast<char>(0x80 | ((point >> 12) & 0x3f));
      out += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
    }
  }

  void unit(std::string& out, uint32_t value) {
    if (high != 0) {
      const uint32_t first = std::exchange(high, 0);
      if (value >= 0xdc00 && value < 0xe000) {
        append(out, 0x10000 + ((first - 0xd800) << 10) + (value - 0xdc00));
        return;
      }
      out += broken;
    }
    if (value >= 0xd800 && value < 0xdc00) {
      high = value;
    } else if (value >= 0xdc00 && value < 0xe000) {
      out += broken;
    } else {
      append(out, value);
    }
  }

  void run(std::string& out, std::string_view bytes) {
    for (const char c : bytes) {
      const int byte = static_cast<unsigned char>(c);
      if (odd_byte < 0) {
        odd_byte = byte;
        continue;
      }
      const int first = std::exchange(odd_byte, -1);
      unit(out, static_cast<uint32_t>(big_endian ? first << 8 | byte : byte << 8 | first));
    }
  }

  void end(std::string& out) {
    if (odd_byte >= 0 || high != 0) out += broken;
    odd_byte = -1;
    high = 0;
  }
};

// The state behind as_utf8: bytes ready to go out, and the converter when one is needed.
struct Decoder {
  ByteSource source;
  std::string ready;
  size_t given = 0;
  bool started = false;
  bool wide = false;
  bool ended = false;
  Utf16 utf16;

  void start() {
    started = true;
    char head[4];
    size_t held = 0;
    while (held < sizeof head) {
      const size_t got = source(head + held, sizeof head - held);
      if (got == 0) break;
      held += got;
    }
    const std::string_view bytes(head, held);
    if (bytes == std::string_view("\xff\xfe\0\0", 4) ||
        bytes == std::string_view("\0\0\xfe\xff", 4)) {
      refuse("the text is UTF-32; convert it first, for example with: iconv -f utf-32 -t utf-8");
    }
    const bool little = bytes.starts_with("\xff\xfe");
    const bool big = bytes.starts_with("\xfe\xff");
    wide = little || big;
    utf16.big_endian = big;
    if (wide) {
      utf16.run(ready, bytes.substr(2));
    } else {
      ready = bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes;
    }
  }

  size_t give(char* buffer, size_t size) {
    if (!started) start();
    while (given == ready.size()) {
      if (!wide) return source(buffer, size);
      if (ended) return 0;
      ready.clear();
      given = 0;
      char raw[1 << 14];
      const size_t got = source(raw, sizeof raw);
      if (got == 0) {
        ended = true;
        utf16.end(ready);
      } else {
        utf16.run(ready, {raw, got});
      }
    }
    const size_t count = std::min(size, ready.size() - given);
    std::memcpy(buffer, ready.data() + given, count);
    given += count;
    return count;
  }
};

ByteSource as_utf8(ByteSource source) {
  auto decoder = std::make_shared<Decoder>();
  decoder->source = std::move(source);
  return [decoder](char* buffer, size_t size) { return decoder->give(buffer, size); };
}

std::string_view text_fault(std::string_view bytes) {
  if (!simdjson::validate_utf8(bytes.data(), bytes.size())) {
    return "the row is not UTF-8; convert the file, for example with: iconv -f latin1 -t utf-8";
  }
  if (std::memchr(bytes.data(), 0, bytes.size())) {
    return "the row holds a NUL byte, which no text has; export it again as UTF-8 text";
  }
  return {};
}

}  // namespace querist::formats
