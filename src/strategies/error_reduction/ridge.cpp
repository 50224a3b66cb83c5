// Expected losses of ridge regression on one-hot labels: a new row x of class y moves every
// prediction by f⁺(u) = f(u) + k(u,x) / (1 + k(x,x)) · (e_y - f(x)) with k(u,x) = uᵀ A⁻¹ x, the
// rank-one update of A = XᵀX + λI (Sherman and Morrison 1950).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/threads.h"
#include "kernels/cholesky.h"
#include "kernels/rbf.h"
#include "strategies/error_reduction/error_reduction.h"

namespace querist::strategies {

// The chosen rows with a 1 after each: the intercept is a coefficient like the others.
static std::vector<double> with_one(const Pool& pool, std::span<const int64_t> rows) {
  std::vector<double> wide;
  kernels::widen_rows(pool.embeddings, rows, wide);
  const size_t cols = pool.embeddings.cols;
  std::vector<double> out(rows.size() * (cols + 1), 1.0);
  for (size_t i = 0; i < rows.size(); ++i)
    std::copy_n(wide.data() + i * cols, cols, out.data() + i * (cols + 1));
  return out;
}

namespace {

struct Ridge {
  size_t cols = 0;              // With the intercept.
  std::vector<double> factor;   // Of A, (cols, cols).
  std::vector<double> weights;  // (classes, cols).
};

}  // namespace

static Ridge fit(const ErrorReduction& task) {
  const Pool& pool = task.pool;
  Ridge out;
  out.cols = pool.embeddings.cols + 1;
  out.factor.resize(out.cols * out.cols);
  out.weights.resize(pool.classes * out.cols);
  each_block(pool.labeled.size(), target_block, [&](size_t from, size_t count) {
    const auto x = with_one(pool, pool.labeled.subspan(from, count));
    kernels::add_gram(x.data(), count, out.cols, out.factor.data());
    for (size_t i = 0; i < count; ++i) {
      double* own = out.weights.data() + static_cast<size_t>(pool.labels[from + i]) * out.cols;
      for (size_t j = 0; j < out.cols; ++j) own[j] += x[i * out.cols + j];
    }
  });
  const double regularization = regularization_of(task.params, 1);
  for (size_t j = 0; j < out.cols; ++j) out.factor[j * out.cols + j] += regularization;
  if (!kernels::cholesky(out.factor, out.cols))
    refuse("ridge cannot factorise its normal equations: raise regularization above {}",
           regularization);
  kernels::solve_lower(out.factor, out.cols, out.weights.data(), pool.classes);
  kernels::solve_upper(out.factor, out.cols, out.weights.data(), pool.classes);
  return out;
}

// Adds to `losses` what a block of candidates expects; scores: (classes, targets).
static void add_losses(const ErrorReduction& task, const Ridge& ridge, const double* scores,
                       std::span<const int64_t> rows, double* losses) {
  const size_t classes = task.pool.classes;
  const size_t n = task.targets.size();
  const auto x = with_one(task.pool, rows);
  std::vector<double> predicted(rows.size() * classes);
  kernels::multiply_rows(x.data(), rows.size(), ridge.weights.data(), classes, ridge.cols,
                         predicted.data());
  std::vector<double> turned = x;
  kernels::solve_lower(ridge.factor, ridge.cols, turned.data(), rows.size());
  kernels::solve_upper(ridge.factor, ridge.cols, turned.data(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {  // A⁻¹x / (1 + k(x,x)).
    double* own = turned.data() + i * ridge.cols;
    const double k = std::inner_product(own, own + ridge.cols, x.data() + i * ridge.cols, 0.0);
    for (size_t j = 0; j < ridge.cols; ++j) own[j] /= 1 + k;
  }
  std::vector<double> chances(classes);
  std::vector<double> moves(rows.size() * target_block);
  each_block(n, target_block, [&](size_t from, size_t count) {
    const auto u = with_one(task.pool, task.targets.subspan(from, count));
    kernels::multiply_rows(turned.data(), rows.size(), u.data(), count, ridge.cols, moves.data());
    for (size_t i = 0; i < rows.size(); ++i) {
      score_chances({predicted.data() + i * classes, classes}, chances.data());
      losses[i] += kernels::expected_score_loss(scores + from, n, count, moves.data() + i * count,
                                                predicted.data() + i * classes, chances.data(),
                                                classes, task.loss);
    }
  });
}

ExpectedLosses ridge_losses(const ErrorReduction& task) {
  const size_t classes = task.pool.classes;
  const size_t n = task.targets.size();
  const Ridge ridge = fit(task);
  std::vector<double> scores(classes * n);
  std::vector<double> block(classes * target_block);
  each_block(n, target_block, [&](size_t from, size_t count) {
    const auto u = with_one(task.pool, task.targets.subspan(from, count));
    kernels::multiply_rows(ridge.weights.data(), classes, u.data(), count, ridge.cols,
                           block.data());
    for (size_t c = 0; c < classes; ++c)
      std::copy_n(block.data() + c * count, count, scores.data() + c * n + from);
  });
  ExpectedLosses out;
  out.current = present_loss(task, scores.data());
  out.of_candidates.resize(task.candidates.size());
  const size_t blocks = (task.candidates.size() + candidate_block - 1) / candidate_block;
  parallel_for(blocks, 1, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) {
      const size_t first = b * candidate_block;
      const size_t count = std::min(candidate_block, task.candidates.size() - first);
      add_losses(task, ridge, scores.data(), task.candidates.subspan(first, count),
                 out.of_candidates.data() + first);
    }
  });
  return out;
}

}  // namespace querist::strategies
