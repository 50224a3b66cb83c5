// The distance to the nearest class mean in the metric of the classes' common covariance (Lee et
// al. 2018).
#include "out_of_distribution/detector.h"
#include "out_of_distribution/parts/gaussian.h"

namespace querist::out_of_distribution {

// The state: the mean of all rows (d), the factor L (d, d), then the whitened class means (k, d).
static State fit(const TrainingRows& training, const Params& params) {
  const Features& x = training.rows.embeddings;
  const size_t d = x.cols;
  ClassMeans means = class_means(x, training.labels);
  const auto factor = factor_of(shrunk_covariance(x, means, params.number("shrinkage")), d);
  whiten(factor, means.all, means.classes.data(), means.classes.size() / d);
  State state{std::move(means.all), {}};
  state.numbers.insert(state.numbers.end(), factor.begin(), factor.end());
  state.numbers.insert(state.numbers.end(), means.classes.begin(), means.classes.end());
  return state;
}

static void score(const State& state, const Rows& rows, std::span<double> scores) {
  const size_t d = rows.embeddings.cols;
  const std::span<const double> numbers(state.numbers);
  const std::vector<double> factor(numbers.begin() + static_cast<std::ptrdiff_t>(d),
                                   numbers.begin() + static_cast<std::ptrdiff_t>(d + d * d));
  each_block(rows.embeddings, [&](size_t begin, size_t count, double* block) {
    whiten(factor, numbers.first(d), block, count);
    least_distances(block, count, numbers.subspan(d + d * d), d, scores.data() + begin);
  });
}

static bool fits(const State& state, size_t d) {
  const size_t before = d + d * d;
  if (d == 0 || state.numbers.size() <= before || (state.numbers.size() - before) % d != 0)
    return false;
  for (size_t j = 0; j < d; ++j) {
    if (!(state.numbers[d + j * d + j] > 0)) return false;
  }
  return state.rows.values.empty();
}

Detector mahalanobis() {
  return {.name = "mahalanobis",
          .summary = "How far a row lies from the nearest class, in the spread of the classes.",
          .needs = Signal::embeddings,
          .params = shrinkage_params(),
          .fit = fit,
          .score = score,
          .fits = fits,
          .source = "Lee et al. 2018; Ledoit and Wolf 2004"};
}

}  // namespace querist::out_of_distribution
