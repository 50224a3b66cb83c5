// Both models look at the rows of either.
#include "loop/posterior_steps.h"

#include <algorithm>

#include "learners/posterior_step.h"

namespace querist::loop {

// The labels in the order of `rows`, -1 where there is none.
static std::vector<int32_t> labels_at(const std::vector<int64_t>& rows,
                                      const TrainedRows& trained) {
  std::vector<int32_t> labels(rows.size(), -1);
  for (size_t i = 0; i < trained.rows.size(); ++i) {
    const auto at = std::lower_bound(rows.begin(), rows.end(), trained.rows[i]) - rows.begin();
    labels[static_cast<size_t>(at)] = trained.labels[i];
  }
  return labels;
}

std::optional<stopping::PosteriorStep> posterior_step(const Features& features,
                                                      const TrainedRows& before,
                                                      const TrainedRows& after) {
  if (!before.model || before.rows.empty() || after.rows.empty()) return std::nullopt;
  std::vector<int64_t> rows = before.rows;
  rows.insert(rows.end(), after.rows.begin(), after.rows.end());
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  const OwnedFeatures both = take_rows(features, rows);
  const auto labels_before = labels_at(rows, before), labels_after = labels_at(rows, after);
  const auto step =
      learners::posterior_step(both.view(), {*before.model, labels_before, before.balanced},
                               {*after.model, labels_after, after.balanced});
  if (!step) return std::nullopt;
  return stopping::PosteriorStep{step->before_from_after, step->after_from_before};
}

}  // namespace querist::loop
