// The next batch costs more than what it is expected to gain is worth (Tomanek and Hahn 2010's
// question; the gain is read off the audited curve).
#include <algorithm>

#include "base/error.h"
#include "stopping/parts/forecast.h"
#include "stopping/stopping.h"

namespace querist::stopping {

static std::string time_words(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

static Advice decide(const History& history, const Params& params) {
  const double own = params.number("value_per_point");
  const double value_per_point = own > 0 ? own : history.value_per_point;
  if (value_per_point == 0) {
    return {.sentence = "You did not say what a point of 100 is worth to you."};
  }
  if (history.cost_per_hour == 0 || !history.seconds_per_label) {
    return {.sentence =
                "What a label costs is not known: it needs the cost of an hour and the "
                "time of a label."};
  }
  if (history.pool_left == 0) return {.sentence = "No examples are left to pay for."};
  const auto next = forecast(history, std::min(history.batch_size, history.pool_left));
  if (!next) {
    return {.sentence = "What the next batch gains is known after a few more audited models."};
  }
  const double seconds = static_cast<double>(next->labels) * *history.seconds_per_label;
  const double cost = seconds / 3600 * history.cost_per_hour;
  const double worth = 100 * value_per_point;  // Of all of the metric.
  // The expected gain decides: whoever weighs money against money is neutral to its spread.
  const bool loses = next->gain.value * worth < cost;
  Advice advice{.value = next->gain.value * worth - cost};
  if (!loses) {
    advice.met = false;
  } else if (next->back_test && next->back_test->held) {
    advice.met = true;
  }
  advice.sentence = fmt::format(
      "The next {} labels cost about {:.2f} for {} and are expected to gain {}, worth {:.2f} "
      "({:.2f} to {:.2f}); {}",
      next->labels, cost, time_words(seconds), gain_words(next->gain), next->gain.value * worth,
      next->gain.ci_low * worth, next->gain.ci_high * worth, back_test_words(*next));
  return advice;
}

StoppingRule cost_benefit() {
  return {
      .name = "cost_benefit",
      .summary = "Stop when the next batch costs more than its expected gain is worth.",
      .params = {{.name = "value_per_point",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e12,
                  .help = "What a point of 100 is worth, in the money of the cost; 0: as the "
                          "project's setting says."}},
      .source = "Tomanek and Hahn 2010",
      .decide = decide,
      .reads_audit = true,
  };
}

}  // namespace querist::stopping
