// Enough of what a review looks for is found, as its random draws show at every look at once
// (Horvitz and Thompson 1952; Waudby-Smith and Ramdas 2020).
#include "base/error.h"
#include "metrics/recall.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// The interval weighs every possible total for every draw; from here on it would hold up whoever
// asks.
static constexpr double most_work = 2e8;

static Advice decide(const History& history, const Params& params) {
  if (!history.review) return {.sentence = "This project is no review for one of two classes."};
  const Review& review = *history.review;
  if (review.draws.empty()) {
    return {.sentence = "How much is found is known once examples are drawn at random as well."};
  }
  if (static_cast<double>(review.draws.size()) *
          static_cast<double>(review.draws.front().remaining) >
      most_work) {
    return {.sentence = "This review is too large to work out how much of it is found."};
  }
  const double wanted = params.number("recall");
  const auto total =
      metrics::relevant_total_anytime(review.draws, review.now, params.number("confidence"));
  const auto recall = metrics::recall_from_total(review.now.found, total);
  // Of nothing found no share is found, whatever the interval's end says.
  Advice advice{.met = review.now.found > 0 && recall.ci_low >= wanted, .value = recall.ci_low};
  advice.sentence = fmt::format(
      "You have found {} of about {:.0f} examples of \"{}\" (at most {:.0f}), which is {} {:g} of "
      "100, as {} random draws show at every look.",
      review.now.found, total.value, review.relevant, total.ci_high,
      *advice.met ? "at least" : "not surely", 100 * wanted, review.draws.size());
  return advice;
}

StoppingRule recall_interval() {
  return {
      .name = "recall_interval",
      .summary =
          "Stop a review when the lower bound of its recall reaches the wanted one, valid at "
          "every look.",
      .params = {{.name = "recall",
                  .fallback = 0.95,
                  .min = 0.01,
                  .max = 1,
                  .help = "Share of the relevant examples to find."},
                 {.name = "confidence",
                  .fallback = 0.95,
                  .min = 0.5,
                  .max = 0.9999,
                  .help = "Chance that the interval is right at all looks together."}},
      .source = "Horvitz and Thompson 1952; Waudby-Smith and Ramdas 2020",
      .decide = decide,
      .decides = Decides::always,
      .reads_review = true,
  };
}

}  // namespace querist::stopping
