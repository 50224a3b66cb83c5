// Counters and gauges in Prometheus' text form.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace querist::api {

class Telemetry {
 public:
  Telemetry();
  ~Telemetry();

  // One answered request; `route` is a pattern, never a path, so that the number of series stays
  // small.
  void count_request(std::string_view route, int status, double seconds);
  void set(std::string_view gauge, std::string_view help, double value);
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace querist::api
