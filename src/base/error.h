// The one error type: a canonical code word and a sentence that says what to do.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace querist {

enum class Code {
  invalid_argument,
  not_found,
  conflict,
  unauthenticated,
  permission_denied,
  resource_exhausted,
  unavailable,
  cancelled,
  internal,
};

std::string_view code_word(Code code);
// internal for a word that is none.
Code code_of_word(std::string_view word);

class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const { return code_; }

 private:
  Code code_;
};

template <class... Args>
[[noreturn]] void fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// A wrong request of the caller's: short for fail(Code::invalid_argument, …).
template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(Code::invalid_argument, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace querist
