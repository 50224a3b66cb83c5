// Blocks of kernel values against the labelled rows, through one factor of their kernel.
#include "strategies/error_reduction/kernel_ridge.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "kernels/cholesky.h"
#include "strategies/error_reduction/error_reduction.h"

namespace querist::strategies {

double kernel_ridge_gamma(double given, const Features& x) {
  if (given > 0) return given;
  std::vector<double> sums(x.cols, 0.0), wide;
  double squares = 0;
  std::vector<int64_t> rows(x.rows);
  std::iota(rows.begin(), rows.end(), 0);
  each_block(x.rows, target_block, [&](size_t from, size_t count) {
    kernels::widen_rows(x, std::span(rows).subspan(from, count), wide);
    for (size_t i = 0; i < wide.size(); ++i) {
      sums[i % x.cols] += wide[i];
      squares += wide[i] * wide[i];
    }
  });
  const auto n = static_cast<double>(std::max<size_t>(1, x.rows));
  double variance = squares / n;
  for (const double sum : sums) variance -= sum / n * (sum / n);
  return variance > 1e-12 * squares / n ? 1 / variance : 1;  // All rows alike: any width will do.
}

KernelRidge fit_kernel_ridge(const Pool& pool, double gamma, double lambda) {
  KernelRidge out;
  out.gamma = gamma;
  out.lambda = lambda;
  const size_t n = pool.labeled.size();
  kernels::pack_rows(pool.embeddings, pool.labeled, out.rows);
  out.factor = kernels::rbf_block(pool.embeddings, pool.labeled, out.rows, gamma);
  for (size_t i = 0; i < n; ++i) out.factor[i * n + i] += lambda;
  if (!kernels::cholesky(out.factor, n))
    refuse(
        "kernel_ridge cannot factorise the kernel of the labelled rows: raise regularization"
        " above {}",
        lambda);
  out.weights.assign(pool.classes * n, -1 / static_cast<double>(pool.classes));
  for (size_t i = 0; i < n; ++i) out.weights[static_cast<size_t>(pool.labels[i]) * n + i] += 1;
  kernels::solve_lower(out.factor, n, out.weights.data(), pool.classes);
  kernels::solve_upper(out.factor, n, out.weights.data(), pool.classes);
  return out;
}

std::vector<double> kernel_ridge_known(const KernelRidge& model, const Pool& pool,
                                       std::span<const int64_t> rows) {
  return kernels::rbf_block(pool.embeddings, rows, model.rows, model.gamma);
}

std::vector<double> kernel_ridge_scores(const KernelRidge& model, size_t classes,
                                        const std::vector<double>& known, size_t rows) {
  std::vector<double> out(rows * classes);
  kernels::multiply_rows(known.data(), rows, model.weights.data(), classes, model.rows.rows,
                         out.data());
  for (double& score : out) score += 1 / static_cast<double>(classes);
  return out;
}

std::vector<double> kernel_ridge_solved(const KernelRidge& model, std::vector<double> known,
                                        size_t rows) {
  kernels::solve_lower(model.factor, model.rows.rows, known.data(), rows);
  kernels::solve_upper(model.factor, model.rows.rows, known.data(), rows);
  return known;
}

std::vector<double> kernel_ridge_covariance(const KernelRidge& model, const Pool& pool,
                                            std::span<const int64_t> rows,
                                            const std::vector<double>& solved,
                                            std::span<const int64_t> targets) {
  kernels::PackedRows packed;
  kernels::pack_rows(pool.embeddings, targets, packed);
  auto out = kernels::rbf_block(pool.embeddings, rows, packed, model.gamma);
  const auto known = kernel_ridge_known(model, pool, targets);
  std::vector<double> explained(out.size());
  kernels::multiply_rows(solved.data(), rows.size(), known.data(), targets.size(), model.rows.rows,
                         explained.data());
  for (size_t i = 0; i < out.size(); ++i) out[i] -= explained[i];
  return out;
}

}  // namespace querist::strategies
