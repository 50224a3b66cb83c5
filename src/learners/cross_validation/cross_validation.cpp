// The loop over the folds.
#include "learners/cross_validation.h"

#include <algorithm>

#include "base/check.h"
#include "base/threads.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

// Trains without the rows of one fold and writes what the model says of them.
static void predict_fold(const Learner& learner, const Dataset& data, const Params& params,
                         const std::vector<size_t>& fold, size_t held, uint64_t seed,
                         const Progress& progress, Matrix& out) {
  std::vector<int64_t> inside;
  std::vector<int64_t> outside;
  for (size_t i = 0; i < data.labels.size(); ++i) {
    const bool is_held = fold[i % fold.size()] == held;
    if (!is_held) inside.push_back(static_cast<int64_t>(i));
    if (is_held && i < fold.size()) outside.push_back(static_cast<int64_t>(i));
  }
  const OwnedFeatures train_rows = take_rows(data.features, inside);
  Dataset part{.features = train_rows.view(), .classes = data.classes};
  for (const int64_t row : inside) {
    part.labels.push_back(data.labels[static_cast<size_t>(row)]);
    if (!data.weights.empty()) part.weights.push_back(data.weights[static_cast<size_t>(row)]);
  }
  const auto model = train(learner, part, params, nullptr, mix_seed(seed, held), progress);
  const OwnedFeatures test_rows = take_rows(data.features, outside);
  Matrix probabilities;
  model->probabilities(test_rows.view(), probabilities);
  for (size_t i = 0; i < outside.size(); ++i) {
    const auto from = probabilities.row(i);
    std::copy(from.begin(), from.end(), out.row(static_cast<size_t>(outside[i])).begin());
  }
}

Matrix out_of_fold_probabilities(const Learner& learner, const Dataset& data, const Params& params,
                                 size_t folds, uint64_t seed, const Progress& progress,
                                 size_t copies) {
  QUERIST_CHECK(copies > 0 && data.labels.size() % copies == 0);
  const size_t rows = data.labels.size() / copies;
  if (folds < 2 || folds > rows) {
    refuse("folds must lie between 2 and the {} labelled rows, not {}", rows, folds);
  }
  check(data);
  const std::vector<size_t> fold =
      metrics::stratified_folds(std::span(data.labels).first(rows), data.classes, folds, seed);
  Matrix out(rows, data.classes);
  const Progress inner([&](double, double, std::string_view) { progress.check(); });
  parallel_for(folds, 1, [&](size_t begin, size_t end) {
    for (size_t f = begin; f < end; ++f) {
      progress.check();
      predict_fold(learner, data, params, fold, f, seed, inner, out);
    }
  });
  return out;
}

}  // namespace querist::learners
