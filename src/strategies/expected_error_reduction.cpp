// Expected error reduction: ask about the example whose label is expected to leave the classifier
// with the least error on the pool (Roy and McCallum 2001), for classifiers whose refit is exact
// algebra.
#include <algorithm>

#include "strategies/error_reduction/error_reduction.h"
#include "strategies/kept/best_row.h"
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

static ExpectedLosses losses_of(const ErrorReduction& task) {
  const std::string& learner = task.params.text("learner");
  if (learner == "kernel_ridge") return kernel_ridge_losses(task);
  if (learner == "ridge") return ridge_losses(task);
  return learner == "naive_bayes" ? naive_bayes_losses(task) : parzen_losses(task);
}

// What the loss of all rows falls by from `current`; a sample of the targets stands for all.
static std::vector<double> utilities_of(const ErrorReduction& task, const ExpectedLosses& losses,
                                        double current) {
  const double scale =
      static_cast<double>(task.pool.size) / static_cast<double>(task.targets.size());
  std::vector<double> utilities;
  for (const double future : losses.of_candidates) utilities.push_back(-scale * (future - current));
  return utilities;
}

// From 0 or from what it is now, as asked.
static double where_from(const ErrorReduction& task, const ExpectedLosses& losses) {
  return task.params.flag("subtract_current") ? losses.current : 0;
}

// One pick of kernel ridge regression over a whole pool, from what was kept of the calls before
// where it certainly is the pick of a full scoring.
static Selection one_pick(const ErrorReduction& task) {
  double rounding = 0;
  auto losses = kept_kernel_ridge_losses(task, rounding);
  BestRow best;
  if (losses) best = lowest_of_best(task.pool, utilities_of(task, *losses, 0), rounding);
  if (!losses || !best.is_clear) {
    losses = kernel_ridge_losses(task);
    best = lowest_of_best(task.pool, utilities_of(task, *losses, 0), 0);
  }
  for (double& utility : best.pick.utilities) utility += where_from(task, *losses);
  return best.pick;
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
  if (params.text("learner") == "kernel_ridge" && batch_size == 1 && pool.costs.empty() &&
      candidates.size() == pool.candidates.size() && targets.size() == pool.size)
    return one_pick(task);
  Pool scored = pool;
  scored.candidates = candidates;
  const ExpectedLosses losses = losses_of(task);
  return top_k(scored, utilities_of(task, losses, where_from(task, losses)), batch_size);
}

static ParamSpecs settings() {
  return {
      {.name = "learner",
       .fallback = "parzen",
       .choices = {"parzen", "kernel_ridge", "ridge", "naive_bayes"},
       .help = "The classifier whose error is reduced, trained on the embeddings; parzen asks as"
               " scikit-activeml's does, kernel_ridge spends labels better."},
      {.name = "gamma",
       .fallback = 0,
       .min = 0,
       .max = 1e12,
       .help = "parzen, kernel_ridge: width of the Gaussian kernel; 0 means one by the number of"
               " features for parzen, one by the variance of a row for kernel_ridge.",
       .automatic = true},
      {.name = "method",
       .fallback = "misclassification_loss",
       .choices = {"misclassification_loss", "log_loss"},
       .help = "The error: 1 minus the largest probability, or the entropy."},
      {.name = "subtract_current",
       .fallback = false,
       .help = "Utilities are what the error falls by; the order stays the same."},
      {.name = "regularization",
       .fallback = 0,
       .min = 0,
       .max = 1e9,
       .help =
           "kernel_ridge: noise of the labels beside a kernel of 1; ridge: weight of the squared"
           " coefficients, the intercept's too; 0 means 3 for kernel_ridge, 1 for ridge.",
       .automatic = true},
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
