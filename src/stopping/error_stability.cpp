// New labels hardly move the posterior over the model's weights any more, so that the expected
// error cannot have changed much either (Ishibashi and Hino 2020, 2021).
//
// The bound is larger than 1 as long as the posterior has many weights to move, so it is read
// against the smallest of the first eleven steps, as its authors' program does. They show three
// shares for logistic regression, 0.3, 0.2 and 0.1, and add one label a step; batches make the
// first steps surer, so the largest share is strict enough (bench/curves/stopping.py).
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stopping/parts/error_bound.h"
#include "stopping/parts/models_apart.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// r_t: by how much the expected error can have fallen and by how much it can have risen.
static double bound_of(const PosteriorStep& step) {
  return error_bound(step.before_from_after) + error_bound(step.after_from_before);
}

// The bounds of the newest models in a row that have one, oldest first: another learner, featurizer
// or set of classes begins anew. Models of few new labels, or of none, would look settled for want
// of labels, and are left out.
static std::vector<double> bounds_in_a_row(const History& history) {
  std::vector<double> bounds;
  for (size_t i = history.models.size(); i-- > 1;) {
    const ModelRecord& model = history.models[i];
    if (!model.posterior_step) break;
    const size_t added = model.labels - history.models[i - 1].labels;
    if (added > 0 && 2 * added >= history.batch_size)
      bounds.push_back(bound_of(*model.posterior_step));
  }
  std::reverse(bounds.begin(), bounds.end());
  return bounds;
}

static Advice decide(const History& history, const Params& params) {
  const auto first = static_cast<size_t>(params.integer("first_steps"));
  const auto window = static_cast<size_t>(params.integer("window"));
  const double most = params.number("ratio");
  if (history.models.empty()) {
    return {.sentence = "There is no model yet whose posterior could be compared with another's."};
  }
  if (history.models.size() > 1 && !history.models.back().posterior_step) {
    return {.sentence =
                "Does not apply: the last two models have no posteriors to compare, which "
                "logistic regressions of the same classes and features have."};
  }
  const std::vector<double> bounds = bounds_in_a_row(history);
  if (bounds.size() < first + window) {
    return {.sentence = fmt::format("How little the posterior moves is known after about {}.",
                                    more_batches(first + window - bounds.size()))};
  }
  const auto end_of_first = bounds.begin() + static_cast<std::ptrdiff_t>(first);
  const double smallest = *std::min_element(bounds.begin(), end_of_first);
  const double worst =
      *std::max_element(bounds.end() - static_cast<std::ptrdiff_t>(window), bounds.end());
  // Where the first steps moved nothing, only what moves nothing is settled.
  const bool settled = worst <= most * smallest;
  const double ratio = worst == 0 ? 0 : smallest > 0 ? worst / smallest : HUGE_VAL;
  Advice advice{.met = settled, .value = std::min(ratio, 1e9)};
  advice.sentence = fmt::format(
      "The bound on the change of the expected error {} {:.3g} of the smallest of the first {} "
      "steps, {} the {:g}.",
      window == 1 ? "in the last step is" : fmt::format("in the last {} steps is at most", window),
      advice.value, first, settled ? "not above" : "above", most);
  return advice;
}

StoppingRule error_stability() {
  return {
      .name = "error_stability",
      .summary =
          "Stop when a bound on the change of the expected error, from the posteriors of "
          "the last models, is small; of logistic regression alone.",
      .params = {{.name = "ratio",
                  .fallback = 0.3,
                  .min = 0,
                  .max = 1,
                  .help = "Bound, as a share of the smallest of the first steps, at which the "
                          "error counts as stable."},
                 {.name = "first_steps",
                  .fallback = 11,
                  .min = 1,
                  .max = 1000,
                  .whole = true,
                  .help = "Steps from model to model whose smallest bound is the yardstick."},
                 {.name = "window",
                  .fallback = 1,
                  .min = 1,
                  .max = 20,
                  .whole = true,
                  .help = "Last steps that must all be stable."}},
      .source = "Ishibashi and Hino 2021",
      .decide = decide,
      .decides = Decides::never,
      .reads_posteriors = true,
  };
}

}  // namespace querist::stopping
