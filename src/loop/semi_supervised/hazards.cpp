// One test each.
#include "loop/semi_supervised/hazards.h"

#include <cmath>

#include "base/error.h"
#include "loop/semi_supervised.h"
#include "metrics/chi_square.h"
#include "metrics/classification.h"

namespace querist::loop {

static Hazard silent(std::string name, double limit, std::string why) {
  return {.name = std::move(name), .limit = limit, .sentence = std::move(why)};
}

static std::string too_few(size_t audit_labels) {
  return fmt::format("{} audit labels are too few to tell ({} needed).", audit_labels,
                     ssl_watched_by_audit);
}

Hazard class_histogram(std::span<const int32_t> audit_labels, std::span<const double> shares) {
  const char* const name = "class_histogram";
  if (audit_labels.size() < ssl_watched_by_audit)
    return silent(name, hazard_p_value, too_few(audit_labels.size()));
  std::vector<int64_t> counts(shares.size());
  for (const int32_t label : audit_labels) ++counts[static_cast<size_t>(label)];
  const double p = metrics::chi_square_fit(counts, shares).p_value;
  const bool seen = p < hazard_p_value;
  return {name, seen, p, hazard_p_value,
          fmt::format("The pseudo-labels' classes are {} those of the {} audit labels (chi-square, "
                      "p = {:.2g}).",
                      seen ? "not" : "compatible with", audit_labels.size(), p)};
}

Hazard neighbour_agreement(std::span<const int32_t> spread, std::span<const int32_t> with,
                           std::span<const int32_t> without) {
  const char* const name = "neighbour_agreement";
  if (spread.empty()) {
    return silent(name, hazard_disagreement,
                  "There are no neighbourhoods to compare with: the features have no distances.");
  }
  const double before = metrics::accuracy(spread, without);
  const double now = metrics::accuracy(spread, with);
  const bool seen = now < before - hazard_disagreement;
  return {name, seen, before - now, hazard_disagreement,
          fmt::format("With pseudo-labels the model agrees with {:.1f} of 100 labels that spread "
                      "from neighbour to neighbour, without them with {:.1f}.",
                      100 * now, 100 * before)};
}

Hazard audit_drop(std::span<const int32_t> audit_labels, std::span<const int32_t> with,
                  std::span<const int32_t> without, std::span<const int32_t> before) {
  const char* const name = "audit_drop";
  const auto n = static_cast<double>(audit_labels.size());
  if (audit_labels.size() < ssl_watched_by_audit)
    return silent(name, 1, too_few(audit_labels.size()));
  if (before.empty()) return silent(name, 1, "There is no earlier model to compare with.");
  double lost = 0, squares = 0, gained_without = 0;
  for (size_t i = 0; i < audit_labels.size(); ++i) {
    const int now = with[i] == audit_labels[i];
    const int then = before[i] == audit_labels[i];
    lost += then - now;
    squares += (then - now) * (then - now);
    gained_without += (without[i] == audit_labels[i]) - now;
  }
  const double drop = lost / n;
  const double error = std::sqrt((squares / n - drop * drop) / (n - 1));
  const bool seen = drop > 0 && drop > error && gained_without >= 0;
  return {name, seen, drop, error,
          fmt::format("On the {} audit labels it is right on {:+.1f} of 100 against the model "
                      "before (one standard error: {:.1f}).",
                      audit_labels.size(), drop == 0 ? 0.0 : -100 * drop, 100 * error)};
}

Json hazard_json(const Hazard& hazard) {
  return {{"name", hazard.name},
          {"seen", hazard.is_seen ? Json(*hazard.is_seen) : Json(nullptr)},
          {"value", hazard.is_seen ? Json(hazard.value) : Json(nullptr)},
          {"limit", hazard.limit},
          {"sentence", hazard.sentence}};
}

}  // namespace querist::loop
