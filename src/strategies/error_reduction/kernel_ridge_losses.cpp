// Expected losses of kernel ridge regression: the covariance of candidates and targets given the
// labels says what a label does to all scores, so that nothing is refitted.
#include <algorithm>

#include "base/threads.h"
#include "strategies/error_reduction/error_reduction.h"
#include "strategies/error_reduction/kernel_ridge.h"
#include "strategies/error_reduction/kernel_ridge_memory.h"

namespace querist::strategies {

// What a block of candidates expects; scores: (classes, targets). Kernel values are computed where
// they are needed and forgotten.
static void add_losses(const ErrorReduction& task, const KernelRidge& model,
                       const std::vector<double>& scores, std::span<const int64_t> rows,
                       double* losses) {
  const size_t classes = task.pool.classes;
  const size_t n = task.targets.size();
  const auto known = kernel_ridge_known(model, task.pool, rows);
  const auto predicted = kernel_ridge_scores(model, classes, known, rows.size());
  const auto solved = kernel_ridge_solved(model, known, rows.size());
  std::vector<double> spreads(rows.size()), chances(rows.size() * classes);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t from = i * model.rows.rows;
    double explained = 0;
    for (size_t j = from; j < from + model.rows.rows; ++j) explained += known[j] * solved[j];
    spreads[i] = model.lambda + std::max(0.0, 1 - explained);
    score_chances({predicted.data() + i * classes, classes}, chances.data() + i * classes);
  }
  each_block(n, target_block, [&](size_t from, size_t count) {
    auto moves =
        kernel_ridge_covariance(model, task.pool, rows, solved, task.targets.subspan(from, count));
    for (size_t i = 0; i < rows.size(); ++i) {
      double* own = moves.data() + i * count;
      for (size_t u = 0; u < count; ++u) own[u] /= spreads[i];
      losses[i] += kernels::expected_score_loss(scores.data() + from, n, count, own,
                                                predicted.data() + i * classes,
                                                chances.data() + i * classes, classes, task.loss);
    }
  });
}

// The best of 1, 3, 5 and 10 on the six development tables of bench/curves/STUDY.md.
static constexpr double usual_lambda = 3;

static KernelRidge fit(const ErrorReduction& task) {
  return fit_kernel_ridge(task.pool,
                          kernel_ridge_gamma(task.params.number("gamma"), task.pool.embeddings),
                          regularization_of(task.params, usual_lambda));
}

ExpectedLosses kernel_ridge_losses(const ErrorReduction& task) {
  const size_t classes = task.pool.classes;
  const size_t n = task.targets.size();
  const KernelRidge model = fit(task);
  std::vector<double> scores(classes * n);
  each_block(n, target_block, [&](size_t from, size_t count) {
    const auto known = kernel_ridge_known(model, task.pool, task.targets.subspan(from, count));
    const auto some = kernel_ridge_scores(model, classes, known, count);
    for (size_t i = 0; i < some.size(); ++i) scores[i % classes * n + from + i / classes] = some[i];
  });
  ExpectedLosses out;
  out.current = present_loss(task, scores.data());
  out.of_candidates.resize(task.candidates.size());
  constexpr size_t block = 256;  // Always the same rows together: BLAS's last bits depend on that.
  parallel_for((task.candidates.size() + block - 1) / block, 1, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) {
      const size_t first = b * block;
      const size_t count = std::min(block, task.candidates.size() - first);
      add_losses(task, model, scores, task.candidates.subspan(first, count),
                 out.of_candidates.data() + first);
    }
  });
  return out;
}

// What one candidate expects, from its covariances with all rows of the pool.
static double kept_loss(const ErrorReduction& task, const KernelRidgeMemory& memory, size_t row,
                        double lambda) {
  const size_t classes = task.pool.classes;
  const size_t n = task.pool.size;
  const double* scores = memory.scores().data();
  const double* covariances = memory.covariance(row);
  const double spread = lambda + std::max(0.0, covariances[row]);
  std::vector<double> predicted(classes), chances(classes);
  for (size_t c = 0; c < classes; ++c) predicted[c] = scores[c * n + row];
  score_chances(predicted, chances.data());
  if (classes == 2 && task.loss == kernels::Loss::misclassification)
    return kernels::expected_two_class_loss(scores, n, covariances, 1 / spread, predicted[0],
                                            chances[0]);
  std::vector<double> moves(n);
  for (size_t u = 0; u < n; ++u) moves[u] = covariances[u] / spread;
  return kernels::expected_score_loss(scores, n, n, moves.data(), predicted.data(), chances.data(),
                                      classes, task.loss);
}

std::optional<ExpectedLosses> kept_kernel_ridge_losses(const ErrorReduction& task,
                                                       double& rounding) {
  const Pool& pool = task.pool;
  if (!pool.memory || !KernelRidgeMemory::fits(pool.size)) return std::nullopt;
  auto* memory = std::any_cast<KernelRidgeMemory>(pool.memory);
  if (!memory) memory = &pool.memory->emplace<KernelRidgeMemory>();
  const double lambda = regularization_of(task.params, usual_lambda);
  std::vector<double> of_rows(pool.size);
  memory->look_at(pool, kernel_ridge_gamma(task.params.number("gamma"), pool.embeddings), lambda,
                  [&](size_t row) { of_rows[row] = kept_loss(task, *memory, row, lambda); });
  ExpectedLosses out;
  out.current = present_loss(task, memory->scores().data());
  for (const int64_t row : task.candidates)
    out.of_candidates.push_back(of_rows[static_cast<size_t>(row)]);
  const double least = *std::min_element(out.of_candidates.begin(), out.of_candidates.end());
  rounding = least > 0 ? memory->rounding() * static_cast<double>(pool.size) / least : 1;
  return out;
}

}  // namespace querist::strategies
