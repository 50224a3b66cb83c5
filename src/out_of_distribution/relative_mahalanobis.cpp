// The Mahalanobis distance to the nearest class less the one to all rows as a single class (Ren et
// al. 2021).
// The covariance of all rows is the one within classes plus that of the class means: shrunk each by
// itself the two differ where classes do not, and what should cancel there decides.
#include "out_of_distribution/detector.h"
#include "out_of_distribution/parts/gaussian.h"

namespace querist::out_of_distribution {

// The state: the mean of all rows (d), the factors within classes and of all rows (d, d each), then
// the class means, whitened within classes (k, d).
static State fit(const TrainingRows& training, const Params& params) {
  const Features& x = training.rows.embeddings;
  const size_t d = x.cols;
  ClassMeans means = class_means(x, training.labels);
  auto covariance = shrunk_covariance(x, means, params.number("shrinkage"));
  const auto within = factor_of(covariance, d);
  add_between_classes(means, d, covariance);
  const auto total = factor_of(covariance, d);
  whiten(within, means.all, means.classes.data(), means.classes.size() / d);
  State state{std::move(means.all), {}};
  for (const std::span<const double> part : {std::span(within), std::span(total)})
    state.numbers.insert(state.numbers.end(), part.begin(), part.end());
  state.numbers.insert(state.numbers.end(), means.classes.begin(), means.classes.end());
  return state;
}

static void score(const State& state, const Rows& rows, std::span<double> scores) {
  const size_t d = rows.embeddings.cols;
  const std::span<const double> numbers(state.numbers);
  const auto within = numbers.subspan(d, d * d);
  const auto total = numbers.subspan(d + d * d, d * d);
  const std::vector<double> within_factor(within.begin(), within.end());
  const std::vector<double> total_factor(total.begin(), total.end());
  const std::vector<double> origin(d);
  each_block(rows.embeddings, [&](size_t begin, size_t count, double* block) {
    std::vector<double> again(block, block + count * d);
    whiten(within_factor, numbers.first(d), block, count);
    least_distances(block, count, numbers.subspan(d + 2 * d * d), d, scores.data() + begin);
    whiten(total_factor, numbers.first(d), again.data(), count);
    std::vector<double> to_all(count);
    least_distances(again.data(), count, origin, d, to_all.data());
    for (size_t i = 0; i < count; ++i) scores[begin + i] -= to_all[i];
  });
}

static bool fits(const State& state, size_t d) {
  const size_t before = d + 2 * d * d;
  if (d == 0 || state.numbers.size() <= before || (state.numbers.size() - before) % d != 0)
    return false;
  for (size_t j = 0; j < d; ++j) {
    const double* factors = state.numbers.data() + d;
    if (!(factors[j * d + j] > 0) || !(factors[d * d + j * d + j] > 0)) return false;
  }
  return state.rows.values.empty();
}

Detector relative_mahalanobis() {
  return {.name = "relative_mahalanobis",
          .summary =
              "How much farther a row lies from the nearest class than from the middle of "
              "all rows.",
          .needs = Signal::embeddings,
          .params = shrinkage_params(),
          .fit = fit,
          .score = score,
          .fits = fits,
          .source = "Ren et al. 2021; Ledoit and Wolf 2004"};
}

}  // namespace querist::out_of_distribution
