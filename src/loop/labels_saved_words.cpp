// Estimates of labels saved as sentences.
#include <cmath>

#include "base/error.h"
#include "loop/labels_saved.h"

namespace querist::loop {

// In whole percent, without a "-0".
static double percent(double share) { return std::round(100 * share) + 0.0; }

// "70 % fewer" or "10 % more"; an end that is open lies beyond what was tried.
static std::string than_random(const Json& share) {
  if (share.get<double>() < 0) return fmt::format("{:.0f} % more", percent(-share.get<double>()));
  return fmt::format("{:.0f} % fewer", percent(share));
}

// The range holds both: the estimate alone would read as a finding.
static std::string untold(const Json& estimate) {
  const Json& low = estimate["ci_low"];
  const Json& high = estimate["ci_high"];
  const Json& value = estimate["value"];
  const char* far = value.get<double>() < 0 ? "far more" : "far fewer";
  return fmt::format(
      "cannot be told yet: between {} labels than random ones and {} (95 %), the estimate is {}",
      low.is_null() ? "far more" : than_random(low),
      high.is_null() ? "far fewer" : than_random(high),
      estimate["beyond"].get<bool>() ? far : than_random(value));
}

// A range that lies below 0, whose lower end may be open.
static std::string costs_more(const Json& estimate) {
  const Json& low = estimate["ci_low"];
  const double least = -estimate["ci_high"].get<double>();
  const auto labels = estimate["labels"].get<int64_t>();
  const std::string lead = "costs more labels than random so far: ";
  if (low.is_null()) {
    return lead + fmt::format(
                      "at least {:.0f} % more (95 %), since at most {:.0f} random labels "
                      "teach as much as the first {} did",
                      percent(least), static_cast<double>(labels) / (1 + least), labels);
  }
  return lead + fmt::format(
                    "{:.0f} % more (95 % CI {:.0f} to {:.0f} %), since about {:.0f} random "
                    "labels teach as much as the first {} did",
                    percent(-estimate["value"].get<double>()), percent(least),
                    percent(-low.get<double>()), estimate["random_labels"].get<double>(), labels);
}

std::string saved_sentence(const Json& estimate) {
  const Json& low = estimate["ci_low"];
  const Json& high = estimate["ci_high"];
  const auto labels = estimate["labels"].get<int64_t>();
  if (low.is_null() && high.is_null()) {
    return fmt::format("{} audit labels cannot tell what the first {} labels saved",
                       estimate["audit_labels"].get<int64_t>(), labels);
  }
  if (!high.is_null() && high.get<double>() < 0) return costs_more(estimate);
  if (low.is_null() || low.get<double>() <= 0) return untold(estimate);
  if (!high.is_null()) {
    return fmt::format(
        "{:.0f} % (95 % CI {:.0f} to {:.0f} %): about {:.0f} random labels teach as much as the "
        "first {} did",
        percent(estimate["value"]), percent(low), percent(high),
        estimate["random_labels"].get<double>(), labels);
  }
  const std::string estimate_words =
      estimate["beyond"] ? "" : fmt::format("about {:.0f} %, ", percent(estimate["value"]));
  return fmt::format(
      "{}at least {:.0f} % (95 %): it takes at least {:.0f} random labels to teach as much as "
      "the first {} did",
      estimate_words, percent(low), static_cast<double>(labels) / (1 - low.get<double>()), labels);
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
