// Text comes as UTF-8: byte-order marks go, UTF-16 is converted, anything else is told apart row by
// row.
#pragma once

#include <string_view>

#include "formats/format.h"

namespace querist::formats {

// The source without its byte-order mark; UTF-16 with a mark becomes UTF-8, its broken characters
// the byte 0xFF.
ByteSource as_utf8(ByteSource source);

// Why these bytes are no text of ours, with what to do about it; empty: they are.
std::string_view text_fault(std::string_view bytes);

}  // namespace querist::formats
