// The metrics library's one home.
#include "api/telemetry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace querist::api {

struct Telemetry::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                          .Name("querist_http_requests_total")
                                                          .Help("Requests answered.")
                                                          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("querist_http_request_seconds")
          .Help("Time from a request's head to its answer.")
          .Register(registry);
};

Telemetry::Telemetry() : state_(std::make_unique<State>()) {}
Telemetry::~Telemetry() = default;

void Telemetry::count_request(std::string_view route, int status, double seconds) {
  static const prometheus::Histogram::BucketBoundaries bounds = {
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
  const std::string name(route);
  state_->requests.Add({{"route", name}, {"status", std::to_string(status)}}).Increment();
  state_->seconds.Add({{"route", name}}, bounds).Observe(seconds);
}

void Telemetry::set(std::string_view gauge, std::string_view help, double value) {
  prometheus::BuildGauge()
      .Name(std::string(gauge))
      .Help(std::string(help))
      .Register(state_->registry)
      .Add({})
      .Set(value);
}

std::string Telemetry::text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace querist::api
