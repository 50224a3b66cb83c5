// The folds, where there are labels enough for them.
#include "loop/out_of_fold.h"

#include <algorithm>

#include "learners/cross_validation.h"

namespace querist::loop {

std::optional<Matrix> out_of_fold(const learners::Learner& learner, const Dataset& data,
                                  const Params& params, const learners::Model& model, uint64_t seed,
                                  const Progress& progress, size_t copies) {
  const size_t rows = data.labels.size() / copies;
  if (rows < 2 * data.classes || rows < 2) return std::nullopt;
  const bool one_class = std::all_of(data.labels.begin(), data.labels.end(),
                                     [&](int32_t label) { return label == data.labels[0]; });
  if (one_class) return std::nullopt;
  const Params settled = learner.settled ? learner.settled(params, model) : params;
  return learners::out_of_fold_probabilities(
      learner, data, settled, std::min(out_of_fold_folds, rows), seed, progress, copies);
}

}  // namespace querist::loop
