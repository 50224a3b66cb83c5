// Folds for the sigmoid start from the whole pair's optimum and share its kernel.
#include "learners/rbf_svm/pair.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "kernels/svc_dual.h"
#include "learners/cross_validation.h"
#include "learners/rbf_svm/kernel_rows.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

namespace {

class PairSolver {
 public:
  PairSolver(const Features& features, const PairRows& pair, const SvmSettings& settings,
             const Progress& progress)
      : pair_(pair),
        settings_(settings),
        kernel_(features, pair.rows, settings.gamma, settings.cache_bytes),
        row_([this, &progress](size_t i) {
          progress.check();
          check_interrupt();
          return kernel_.row(i);
        }) {
    for (size_t i = 0; i < pair.rows.size(); ++i) {
      const double upper = settings.strength * pair.weights[i];
      dual_.low.push_back(pair.positive[i] ? 0 : -upper);
      dual_.high.push_back(pair.positive[i] ? upper : 0);
      dual_.residual.push_back(pair.positive[i] ? 1 : -1);
    }
    dual_.beta.resize(pair.rows.size());
  }

  TrainedPair train(std::span<const double> start) {
    for (size_t i = 0; i < start.size(); ++i)
      kernels::set_beta(row_, i, std::clamp(start[i], dual_.low[i], dual_.high[i]), dual_);
    kernels::balance_betas(row_, dual_);
    TrainedPair out;
    out.bias = solve(dual_);
    out.betas = dual_.beta;
    if (settings_.fit_sigmoid) {
      // Of a few rows held-out decisions lean the wrong way, since a row's class is the rarer one
      // without it; a sigmoid fitted to that would turn the classes round.
      const Sigmoid fitted = fit_sigmoid(held_out_decisions(), pair_.positive, pair_.weights);
      if (fitted.slope < 0) out.sigmoid = fitted;
    }
    return out;
  }

 private:
  double solve(kernels::SvcDual& dual) const {
    const size_t most_steps = std::max<size_t>(10'000'000, 100 * pair_.rows.size());
    return kernels::solve_svc(row_, settings_.tolerance, most_steps, dual).bias;
  }

  // Each row's decision value by the optimum of the folds without it.
  std::vector<double> held_out_decisions() const {
    const size_t n = pair_.rows.size();
    const std::vector<int32_t> labels(pair_.positive.begin(), pair_.positive.end());
    const size_t folds = std::min(settings_.folds, n);
    const auto fold = metrics::stratified_folds(labels, 2, folds, settings_.seed);
    std::vector<double> out(n);
    for (size_t f = 0; f < folds; ++f) {
      kernels::SvcDual dual = dual_;
      for (size_t i = 0; i < n; ++i) {
        if (fold[i] != f) continue;
        kernels::set_beta(row_, i, 0, dual);
        dual.low[i] = dual.high[i] = 0;
      }
      kernels::balance_betas(row_, dual);
      const double bias = solve(dual);
      for (size_t i = 0; i < n; ++i) {
        if (fold[i] == f) out[i] = bias + (pair_.positive[i] ? 1 : -1) - dual.residual[i];
      }
    }
    return out;
  }

  const PairRows& pair_;
  const SvmSettings& settings_;
  mutable KernelRows kernel_;
  kernels::KernelRow row_;
  kernels::SvcDual dual_;
};

}  // namespace

TrainedPair train_pair(const Features& features, const PairRows& pair,
                       std::span<const double> start, const SvmSettings& settings,
                       const Progress& progress) {
  return PairSolver(features, pair, settings, progress).train(start);
}

}  // namespace querist::learners
