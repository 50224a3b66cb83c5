// The proof by cross-validation.
#include "loop/usable_model.h"

#include <algorithm>
#include <cmath>

#include "metrics/classification.h"

namespace querist::loop {

bool needs_proof(const Dataset& data) {
  return data.labels.size() < doubted_labels_per_class * data.classes;
}

bool is_usable(const Dataset& data, const std::optional<Matrix>& held_out) {
  const size_t rows = data.labels.size();
  std::vector<size_t> counts(data.classes, 0);
  for (const int32_t label : data.labels) ++counts[static_cast<size_t>(label)];
  const auto seen = std::count_if(counts.begin(), counts.end(), [](size_t n) { return n > 0; });
  if (seen < 2) return false;
  if (!needs_proof(data)) return true;
  if (!held_out) return false;
  double prior_loss = 0;
  for (const size_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(rows);
    if (count > 0) prior_loss -= share * std::log(share);
  }
  const double commonest = static_cast<double>(*std::max_element(counts.begin(), counts.end())) /
                           static_cast<double>(rows);
  return metrics::accuracy(data.labels, metrics::likeliest(*held_out)) > commonest ||
         metrics::log_loss(data.labels, *held_out) < prior_loss;
}

}  // namespace querist::loop
