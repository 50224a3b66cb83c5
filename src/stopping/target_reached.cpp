// The audit shows that the target is reached, and not by luck: a lower bound that holds at every
// look lies at or above it (Clopper and Pearson 1934).
//
// Every audited model is a look, and each is another model: an interval that stays right for one
// mean (a confidence sequence) says nothing of the next model's. So the risk is shared out among
// the looks, risk / (k (k + 1)) to the k-th, whose sum is the risk however many there are.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/intervals.h"
#include "stopping/parts/of_100.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// So that the sentence promises no more than the bound does.
static double rounded_down(double bound, bool exact) {
  const double steps = exact ? 1000 : 100;
  return std::floor(steps * bound) / steps;
}

// Looks that could have said "reached" so far: audited models, this one among them.
static size_t looks(const History& history, size_t least) {
  const auto count = std::count_if(
      history.models.begin(), history.models.end(),
      [&](const ModelRecord& model) { return model.audit && model.audit_labels >= least; });
  return std::max<size_t>(1, static_cast<size_t>(count));
}

// Exact for one share. For the mean of several their exact bounds are combined as independent ones
// (Zou and Donner 2008), which is approximate.
static double lower_bound(const std::vector<metrics::Share>& shares, double risk) {
  double mean = 0;
  double below = 0;
  double count = 0;
  for (const metrics::Share& share : shares) {
    if (share.trials == 0) continue;
    const double value = static_cast<double>(share.successes) / static_cast<double>(share.trials);
    const double gap = value - metrics::exact_lower_bound(share.successes, share.trials, risk);
    mean += value;
    below += gap * gap;
    count += 1;
  }
  return count == 0 ? 0 : std::max(0.0, (mean - std::sqrt(below)) / count);
}

static Advice decide(const History& history, const Params& params) {
  const double own = params.number("target");
  const double target = own > 0 ? own : history.target;
  if (target == 0) return {.sentence = "You set no target."};
  const std::string goal = fmt::format("{:g}", 100 * target);
  const auto least = static_cast<size_t>(params.integer("min_audit_labels"));
  if (!history.audit || history.audit_shares.empty() || history.audit_labels < least) {
    return {.sentence = fmt::format(
                "The target of {} of 100 is checked from {} audit labels on; there are {}.", goal,
                least, history.audit_labels)};
  }
  const auto k = static_cast<double>(looks(history, least));
  const double risk = (1 - params.number("confidence")) / (k * (k + 1));
  const double bound = lower_bound(history.audit_shares, risk);
  const double value = history.audit->value;
  const bool exact = value - bound < 0.02;  // Else the bound is too far off for a digit to count.
  const int digits = exact ? 1 : 0;
  std::string metric(history.metric);
  for (char& letter : metric) letter = letter == '_' ? ' ' : letter;
  const std::string finding =
      fmt::format("the audit puts {} at {} of 100, at least {} however often one looks", metric,
                  of_100(value, target, digits), of_100(rounded_down(bound, exact), 0, digits));
  Advice advice{.met = bound >= target, .value = bound};
  if (*advice.met) {
    advice.sentence = fmt::format("The target of {} of 100 is reached: {}.", goal, finding);
  } else if (value >= target) {
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
      .summary =
          "Stop when a lower bound of the audited metric, valid at every look, is at or "
          "above the target.",
      .params = {{.name = "min_audit_labels",
                  .fallback = 10,
                  .min = 1,
                  .max = 1e6,
                  .whole = true,
                  .help = "Audit labels needed before the target is checked at all."},
                 {.name = "confidence",
                  .fallback = 0.95,
                  .min = 0.5,
                  .max = 0.9999,
                  .help = "Chance that it is never said too early, all looks together."},
                 {.name = "target",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1,
                  .help = "What is to be reached; 0: as the project's setting says."}},
      .source = "Clopper and Pearson 1934",
      .decide = decide,
      .decides = Decides::always,
      .reads_audit = true,
  };
}

}  // namespace querist::stopping
