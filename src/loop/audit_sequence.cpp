// Selections in their order, then bets on what was drawn.
#include "loop/audit_sequence.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/rng.h"
#include "metrics/confidence_sequence.h"
#include "storage/selections.h"

namespace querist::loop {

std::vector<size_t> draw_order(storage::Store& store, const Project& project,
                               const NumberedLabels& audit) {
  std::unordered_map<int64_t, int64_t> selection_of_row;
  for (const auto& draw : storage::audit_draws(store, project.id))
    selection_of_row.insert_or_assign(draw.row, draw.selection_id);
  std::vector<size_t> order(audit.rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto seed = static_cast<uint64_t>(project.settings.integer("seed"));
  const auto key = [&](size_t at) {
    const auto found = selection_of_row.find(audit.rows[at]);
    return std::pair(found == selection_of_row.end() ? INT64_MAX : found->second,
                     mix_seed(seed, static_cast<uint64_t>(audit.rows[at])));
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  return order;
}

Json confidence_sequence_json(std::span<const double> right) {
  // Not the one that only shrinks: rows are drawn from what is left in the pool, which grows easier
  // while the hard ones are labelled, and what early rows alone ruled out may hold by now.
  const auto interval = metrics::present_betting_interval(right);
  return {{"value", interval.value},
          {"low", interval.ci_low},
          {"high", interval.ci_high},
          {"audit_labels", right.size()},
          {"method", interval.method},
          {"sentence",
           "valid at every look: it holds however often one looks while audit labels "
           "come in, for this version"}};
}

void add_confidence_sequence(Json& metrics, storage::Store& store, const Project& project,
                             const NumberedLabels& audit, std::span<const int32_t> predicted) {
  std::vector<double> right;
  for (const size_t at : draw_order(store, project, audit))
    right.push_back(predicted[at] == audit.ids[at]);
  metrics["confidence_sequence"] = confidence_sequence_json(right);
}

}  // namespace querist::loop
