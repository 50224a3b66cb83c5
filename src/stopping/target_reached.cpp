// The audit shows that the target is reached, and not by luck: its lower bound lies at or above it.
#include "base/error.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// 0.937 as "93.7", or "94" where the interval is too wide for the digit to mean anything.
static std::string of_100(double share, bool exact) {
  return fmt::format("{:.{}f}", 100 * share, exact ? 1 : 0);
}

static Advice decide(const History& history, const Params& params) {
  if (history.target == 0) return {.sentence = "You set no target."};
  const std::string goal = fmt::format("{:g}", 100 * history.target);
  const auto least = static_cast<size_t>(params.integer("min_audit_labels"));
  if (!history.audit || history.audit_labels < least) {
    return {.sentence = fmt::format(
                "The target of {} of 100 is checked from {} audit labels on; there are {}.", goal,
                least, history.audit_labels)};
  }
  const metrics::Estimate& audit = *history.audit;
  const bool exact = audit.ci_high - audit.ci_low < 0.04;
  std::string metric(history.metric);
  for (char& letter : metric) letter = letter == '_' ? ' ' : letter;
  const std::string finding =
      fmt::format("the audit puts {} at {} of 100 ({} to {})", metric, of_100(audit.value, exact),
                  of_100(audit.ci_low, exact), of_100(audit.ci_high, exact));
  Advice advice{.met = audit.ci_low >= history.target, .value = audit.ci_low};
  if (*advice.met) {
    advice.sentence = fmt::format("The target of {} of 100 is reached: {}.", goal, finding);
  } else if (audit.value >= history.target) {
    advice.sentence = fmt::format("The target of {} of 100 may be reached, but it is not sure: {}.",
                                  goal, finding);
  } else {
    advice.sentence = fmt::format("The target of {} of 100 is not reached: {}.", goal, finding);
  }
  return advice;
}

StoppingRule target_reached() {
  return {
      .name = "target_reached",
      .summary = "Stop when the lower bound of the audited metric is at or above the target.",
      .params = {{.name = "min_audit_labels",
                  .fallback = 10,
                  .min = 1,
                  .max = 1e6,
                  .whole = true,
                  .help = "Audit labels needed before the target is checked at all."}},
      .source = "Wilson 1927",
      .decide = decide,
  };
}

}  // namespace querist::stopping
