// Expected error reduction: ask about the example whose label is expected to leave the classifier
// with the least error on the pool (Roy and McCallum 2001), for classifiers whose refit is exact
// algebra.
#include <algorithm>

#include "strategies/error_reduction/error_reduction.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// All of `rows`, or that many drawn without replacement, ascending.
static std::vector<int64_t> drawn(std::span<const int64_t> rows, size_t most, Rng& rng) {
  std::vector<int64_t> out;
  if (most == 0 || most >= rows.size()) {
    out.assign(rows.begin(), rows.end());
    return out;
  }
  for (const int64_t i : rng.sample(rows.size(), most)) out.push_back(rows[static_cast<size_t>(i)]);
  std::sort(out.begin(), out.end());
  return out;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (pool.candidates.empty()) return {};
  auto most = static_cast<size_t>(params.integer("max_candidates"));
  if (most > 0) most = std::max(most, batch_size);
  const auto candidates = drawn(pool.candidates, most, rng);
  std::vector<int64_t> everything(pool.size);
  for (size_t i = 0; i < pool.size; ++i) everything[i] = static_cast<int64_t>(i);
  const auto targets = drawn(everything, static_cast<size_t>(params.integer("max_targets")), rng);
  const auto loss =
      params.text("method") == "log_loss" ? kernels::Loss::log : kernels::Loss::misclassification;
  const ErrorReduction task{pool, candidates, targets, loss, params};
  const std::string& learner = params.text("learner");
  const ExpectedLosses losses = learner == "ridge" ? ridge_losses(task) : parzen_losses(task);
  // A sample of the targets stands for all.
  const double scale = static_cast<double>(pool.size) / static_cast<double>(targets.size());
  const double current = params.flag("subtract_current") ? losses.current : 0;
  std::vector<double> utilities;
  for (const double future : losses.of_candidates) utilities.push_back(-scale * (future - current));
  Pool scored = pool;
  scored.candidates = candidates;
  return top_k(scored, utilities, batch_size);
}

static ParamSpecs settings() {
  return {
      {.name = "learner",
       .fallback = "parzen",
       .choices = {"parzen", "ridge"},
       .help = "The classifier whose error is reduced, trained on the embeddings."},
      {.name = "gamma",
       .fallback = 0,
       .min = 0,
       .max = 1e12,
       .help = "parzen: width of the Gaussian kernel; 0 means one by the number of features.",
       .automatic = true},
      {.name = "method",
       .fallback = "misclassification_loss",
       .choices = {"misclassification_loss", "log_loss"},
       .help = "The error: 1 minus the largest probability, or the entropy."},
      {.name = "subtract_current",
       .fallback = false,
       .help = "Utilities are what the error falls by; the order stays the same."},
      {.name = "regularization",
       .fallback = 1,
       .min = 1e-9,
       .max = 1e9,
       .help = "ridge: weight of the squared coefficients, the intercept's too."},
      {.name = "max_candidates",
       .fallback = 0,
       .min = 0,
       .max = 1e9,
       .whole = true,
       .help = "Scores at most so many candidates, drawn at random; 0 means all."},
      {.name = "max_targets",
       .fallback = 0,
       .min = 0,
       .max = 1e9,
       .whole = true,
       .help = "Estimates the error on so many rows, drawn at random; 0 means all."},
  };
}

QueryStrategy expected_error_reduction() {
  return {
      .name = "expected_error_reduction",
      .summary =
          "Expects the least error after the answer, by exact refits; costs every candidate"
          " times every row, and a batch is the best of one scoring.",
      .needs = Signal::embeddings | Signal::labels,
      .params = settings(),
      .select = select,
      .source = "Roy and McCallum 2001",
      .handles_no_model = true,
      .task = Task::classification,
      .family = "error_reduction",
  };
}

}  // namespace querist::strategies
