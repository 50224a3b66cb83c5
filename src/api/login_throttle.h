// Slows down the guessing of passwords: after a few failures a name, and an address, must wait.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace querist::api {

class LoginThrottle {
 public:
  static constexpr int64_t failures_a_name = 10;
  static constexpr int64_t failures_an_address = 50;
  static constexpr int64_t window_ms = 5 * 60'000;
  static constexpr size_t max_tracked = 10'000;

  // Counts an attempt as failed until it succeeds. Throws resource_exhausted while the name or the
  // address has failed too often within the window.
  void begin(const std::string& name, const std::string& remote, int64_t now);
  void succeeded(const std::string& name, const std::string& remote);

 private:
  struct Failures {
    int64_t count = 0;
    int64_t since = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Failures> failures_;
};

}  // namespace querist::api
