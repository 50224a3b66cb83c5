// Ridge regression (Hoerl and Kennard 1970), its penalty chosen by leave-one-out in closed form
// (Golub, Heath and Wahba 1979).
#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "kernels/cholesky.h"
#include "kernels/orthonormal.h"
#include "learners/learner.h"
#include "learners/ridge/centred_rows.h"
#include "learners/ridge/leave_one_out.h"
#include "learners/ridge/ridge_model.h"

namespace querist::learners {

// Up to this many rows or columns, whichever are fewer, the normal equations are solved at once
// (128 MiB); beyond, step by step without storing them.
static constexpr size_t most_at_once = 4096;

// √w (y - mean), and the mean.
static std::vector<double> centred_targets(const CentredRows& a, std::span<const float> targets,
                                           double& mean) {
  mean = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    mean += a.roots()[i] * a.roots()[i] * static_cast<double>(targets[i]) / a.total();
  }
  std::vector<double> out;
  for (size_t i = 0; i < targets.size(); ++i) {
    out.push_back(a.roots()[i] * (static_cast<double>(targets[i]) - mean));
  }
  return out;
}

// (M + alpha I)⁻¹ right for a positive semi-definite M.
static std::vector<double> solve(std::vector<double> m, std::vector<double> right, double alpha) {
  const size_t n = right.size();
  std::vector<double> l = m;
  for (size_t i = 0; i < n; ++i) l[i * n + i] += alpha;
  if (kernels::cholesky(l, n)) {
    kernels::solve_lower(l, n, right.data(), 1);
    kernels::solve_upper(l, n, right.data(), 1);
    return right;
  }
  // The penalty is lost in rounding: directions without a spread of their own get no weight.
  const kernels::Eigen eigen = kernels::symmetric_eigen(std::move(m), n);
  std::vector<double> out(n);
  for (size_t j = 0; j < n; ++j) {
    const double* axis = eigen.vectors.data() + j * n;
    if (eigen.values[j] <= eigen.values[0] * static_cast<double>(n) * 1e-15) break;
    double along = 0;
    for (size_t i = 0; i < n; ++i) along += axis[i] * right[i];
    along /= eigen.values[j] + alpha;
    for (size_t i = 0; i < n; ++i) out[i] += along * axis[i];
  }
  return out;
}

static double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Conjugate gradients on (AᵀA + alpha I) beta = Aᵀ y (Hestenes and Stiefel 1952).
static std::vector<double> solve_stepwise(const CentredRows& a, std::span<const double> y,
                                          double alpha, const Progress& progress) {
  std::vector<double> beta(a.cols());
  std::vector<double> rest = a.transposed_times(y);
  std::vector<double> direction = rest;
  double square = dot(rest, rest);
  const double enough = square * 1e-20;
  for (size_t step = 0; step < 2000 && square > enough; ++step) {
    progress.check();
    check_interrupt();
    std::vector<double> image = a.transposed_times(a.times(direction));
    for (size_t j = 0; j < image.size(); ++j) image[j] += alpha * direction[j];
    const double length = square / dot(direction, image);
    for (size_t j = 0; j < beta.size(); ++j) {
      beta[j] += length * direction[j];
      rest[j] -= length * image[j];
    }
    const double next = dot(rest, rest);
    for (size_t j = 0; j < beta.size(); ++j) {
      direction[j] = rest[j] + next / square * direction[j];
    }
    square = next;
  }
  return beta;
}

// The penalty of the least leave-one-out error, on a sample where there are many rows.
static double choose_alpha(const Dataset& data, const CentredRows& a, std::span<const double> y,
                           size_t most, uint64_t seed) {
  if (data.features.rows <= most) return LeaveOneOut(a, y).best();
  std::vector<int64_t> rows = Rng(seed).sample(data.features.rows, most);
  std::sort(rows.begin(), rows.end());
  const OwnedFeatures owned = take_rows(data.features, rows);
  std::vector<float> weights, targets;
  for (const int64_t row : rows) {
    targets.push_back(data.targets[static_cast<size_t>(row)]);
    if (!data.weights.empty()) weights.push_back(data.weights[static_cast<size_t>(row)]);
  }
  const CentredRows sample(owned.view(), weights);
  double mean = 0;
  return LeaveOneOut(sample, centred_targets(sample, targets, mean)).best();
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params, const Model*,
                                    uint64_t seed, const Progress& progress) {
  const CentredRows a(data.features, data.weights);
  RidgeHead head{.features = a.cols(), .alpha = params.number("alpha"), .weights = {}};
  const std::vector<double> y = centred_targets(a, data.targets, head.bias);
  if (head.alpha == 0) {
    const auto most = static_cast<size_t>(params.integer("search_below"));
    head.alpha = choose_alpha(data, a, y, most, seed);
  }
  progress.check();
  if (std::min(a.rows(), a.cols()) > most_at_once) {
    head.weights = solve_stepwise(a, y, head.alpha, progress);
  } else if (a.cols() <= a.rows()) {
    head.weights = solve(a.gram(), a.transposed_times(y), head.alpha);
  } else {
    head.weights = a.transposed_times(solve(a.row_products(), y, head.alpha));
  }
  head.bias -= dot(a.mean(), head.weights);
  return std::make_unique<RidgeModel>(std::move(head));
}

Learner ridge() {
  return {
      .name = "ridge",
      .summary =
          "Linear least squares with an L2 penalty, exact and at once; a warm start has "
          "nothing to save.",
      .params = {{.name = "alpha",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e15,
                  .help = "The L2 penalty; 0: the one of the least leave-one-out error.",
                  .automatic = true},
                 {.name = "search_below",
                  .fallback = 2000,
                  .min = 2,
                  .max = 10'000,
                  .whole = true,
                  .help = "Largest number of rows on which alpha is searched; larger sets search "
                          "on a sample of this size."}},
      .train = train,
      .load = load_ridge_model,
      .source = "Hoerl and Kennard 1970; Golub, Heath and Wahba 1979",
      .gives = Signal::predictions,
      .tasks = {Task::regression},
  };
}

}  // namespace querist::learners
