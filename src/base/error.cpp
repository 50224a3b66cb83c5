// The words of the error codes, as they stand in JSON.
#include "base/error.h"

namespace querist {

std::string_view code_word(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::permission_denied:
      return "permission_denied";
    case Code::resource_exhausted:
      return "resource_exhausted";
    case Code::unavailable:
      return "unavailable";
    case Code::cancelled:
      return "cancelled";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

Code code_of_word(std::string_view word) {
  for (int i = 0; i < static_cast<int>(Code::internal); ++i) {
    if (code_word(static_cast<Code>(i)) == word) return static_cast<Code>(i);
  }
  return Code::internal;
}

}  // namespace querist
