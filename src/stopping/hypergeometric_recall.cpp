// A review that ends with random draws alone, and a test whether more than the wanted share could
// still be missed (Callaghan and Mueller-Hansen 2020).
//
// The published test holds for one look. Here it is made after each tenth of what remained (with
// the fallback), each time with a tenth of the risk, so that all looks together keep it.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/recall.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// The last draws between and after which nothing else was read.
static std::span<const metrics::AuditDraw> random_end(const Review& review) {
  size_t count = 0;
  int64_t found = review.now.found;
  int64_t unread = review.now.unread;
  for (auto draw = review.draws.rbegin(); draw != review.draws.rend(); ++draw, ++count) {
    if (draw->known + draw->relevant != found || draw->remaining - 1 != unread) break;
    found = draw->known;
    unread = draw->remaining;
  }
  return std::span(review.draws).last(count);
}

static Advice decide(const History& history, const Params& params) {
  if (!history.review) return {.sentence = "This project is no review for one of two classes."};
  const Review& review = *history.review;
  const auto draws = random_end(review);
  if (draws.empty()) {
    return {.sentence =
                "This test needs a review that ends with random draws alone: an audit "
                "share of 1."};
  }
  const double wanted = params.number("recall");
  const auto looks = static_cast<size_t>(params.integer("looks"));
  const double risk = (1 - params.number("confidence")) / static_cast<double>(looks);
  const metrics::AuditDraw& first = draws.front();
  Advice advice{.met = false, .value = 1};
  size_t at = 0;      // Draws at the last look that was made.
  int64_t found = 0;  // Among those.
  for (size_t look = 1; look <= looks; ++look) {
    const auto until = static_cast<size_t>(
        std::ceil(static_cast<double>(look) * static_cast<double>(first.remaining) /
                  static_cast<double>(looks)));
    if (until > draws.size()) break;
    for (; at < until; ++at) found += draws[at].relevant;
    const double p = metrics::recall_p_value(first.known, first.remaining,
                                             static_cast<int64_t>(until), found, wanted);
    advice.value = std::min(advice.value, p);
    if (p < risk) advice.met = true;
  }
  const auto step = static_cast<size_t>(
      std::ceil(static_cast<double>(first.remaining) / static_cast<double>(looks)));
  advice.sentence =
      at == 0 ? fmt::format("The test comes after {} random draws at the end; there are {}.", step,
                            draws.size())
              : fmt::format(
                    "The last {} random draws held {} of \"{}\": the chance of that with "
                    "fewer than {:g} of 100 found is {:.4f} at its lowest; {:.4f} is "
                    "allowed.",
                    at, found, review.relevant, 100 * wanted, advice.value, risk);
  return advice;
}

StoppingRule hypergeometric_recall() {
  return {
      .name = "hypergeometric_recall",
      .summary = "Stop a review when random draws at its end make a lower recall unlikely.",
      .params = {{.name = "recall",
                  .fallback = 0.95,
                  .min = 0.01,
                  .max = 1,
                  .help = "Share of the relevant examples to find."},
                 {.name = "confidence",
                  .fallback = 0.95,
                  .min = 0.5,
                  .max = 0.9999,
                  .help = "Chance that the test does not stop too early, all looks together."},
                 {.name = "looks",
                  .fallback = 10,
                  .min = 1,
                  .max = 100,
                  .whole = true,
                  .help = "Looks at equal steps through what remained when random draws began."}},
      .source = "Callaghan and Mueller-Hansen 2020",
      .decide = decide,
      .decides = Decides::always,
      .reads_review = true,
  };
}

}  // namespace querist::stopping
