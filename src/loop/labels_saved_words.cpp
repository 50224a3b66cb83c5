// Estimates of labels saved as sentences.
#include <cmath>

#include "base/error.h"
#include "loop/labels_saved.h"

namespace querist::loop {

// In whole percent, without a "-0".
static double percent(double share) { return std::round(100 * share) + 0.0; }

std::string saved_sentence(const Json& estimate) {
  const Json& low = estimate["ci_low"];
  const Json& high = estimate["ci_high"];
  const auto labels = estimate["labels"].get<int64_t>();
  if (low.is_null() && high.is_null()) {
    return fmt::format("{} audit labels cannot tell what the first {} labels saved",
                       estimate["audit_labels"].get<int64_t>(), labels);
  }
  if (!low.is_null() && !high.is_null()) {
    return fmt::format(
        "{:.0f} % (95 % CI {:.0f} to {:.0f} %): about {:.0f} random labels teach as much as the "
        "first {} did",
        percent(estimate["value"]), percent(low), percent(high),
        estimate["random_labels"].get<double>(), labels);
  }
  const double bound = low.is_null() ? high : low;
  const std::string estimate_words =
      estimate["beyond"] ? "" : fmt::format("about {:.0f} %, ", percent(estimate["value"]));
  return fmt::format(
      "{}{} {:.0f} % (95 %): it takes {} {:.0f} random labels to teach as much as "
      "the first {} did",
      estimate_words, low.is_null() ? "at most" : "at least", percent(bound),
      low.is_null() ? "at most" : "at least", static_cast<double>(labels) / (1 - bound), labels);
}

std::string saved_back_test_sentence(const Json& estimate) {
  const Json& test = estimate["back_test"];
  if (test.is_null()) return {};
  return fmt::format("{} simulated random labels teach {:.1f} of 100, as many real ones {:.1f}{}",
                     test["random_labels"].get<int64_t>(), 100 * test["predicted"].get<double>(),
                     100 * test["measured"].get<double>(),
                     test["held"].get<bool>() ? "" : ", more off than chance explains");
}

}  // namespace querist::loop
