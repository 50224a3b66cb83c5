// The proof by cross-validation.
#include "loop/usable_model.h"

#include <algorithm>
#include <cmath>

#include "learners/cross_validation.h"
#include "metrics/classification.h"

namespace querist::loop {

static constexpr size_t folds = 5;

bool is_usable(const learners::Learner& learner, const Dataset& data, const Params& params,
               uint64_t seed) {
  const size_t rows = data.labels.size();
  if (rows < 2 * data.classes) return false;
  std::vector<size_t> counts(data.classes, 0);
  for (const int32_t label : data.labels) ++counts[static_cast<size_t>(label)];
  const auto seen = std::count_if(counts.begin(), counts.end(), [](size_t n) { return n > 0; });
  if (seen < 2) return false;
  if (rows >= doubted_labels_per_class * data.classes) return true;
  const Matrix held_out =
      learners::out_of_fold_probabilities(learner, data, params, std::min(folds, rows), seed);
  double prior_loss = 0;
  for (const size_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(rows);
    if (count > 0) prior_loss -= share * std::log(share);
  }
  const double commonest = static_cast<double>(*std::max_element(counts.begin(), counts.end())) /
                           static_cast<double>(rows);
  return metrics::accuracy(data.labels, metrics::likeliest(held_out)) > commonest ||
         metrics::log_loss(data.labels, held_out) < prior_loss;
}

}  // namespace querist::loop
