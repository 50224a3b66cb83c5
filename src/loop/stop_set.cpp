// The sample is drawn by the project's seed from the rows of the first model.
#include "loop/stop_set.h"

#include <algorithm>
#include <cmath>

#include "metrics/classification.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr size_t stop_set_size = 2000;

// Mean over rows, in nats; 0 for none.
static double mean_entropy(const Matrix& probabilities) {
  if (probabilities.rows == 0) return 0;
  double sum = 0;
  for (const float p : probabilities.values) {
    if (p > 0) sum -= static_cast<double>(p) * std::log(static_cast<double>(p));
  }
  return sum / static_cast<double>(probabilities.rows);
}

Json stop_set(Workshop& workshop, const Project& project, const LoadedModel& model,
              const storage::FeatureView& view) {
  const auto earlier = storage::find_model(workshop.store(), workshop.project_id(), 1);
  const auto rows_then =
      earlier ? json_integer(earlier->data, "stop_pool") : static_cast<int64_t>(view.rows);
  Rng rng(mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 77));
  auto rows = rng.sample(static_cast<size_t>(rows_then), stop_set_size);
  std::sort(rows.begin(), rows.end());
  const Matrix probabilities = predict_rows(*model.model, view, rows);
  return {{"stop_pool", rows_then},
          {"stop_set", metrics::likeliest(probabilities)},
          {"stop_entropy", mean_entropy(probabilities)}};
}

}  // namespace querist::loop
