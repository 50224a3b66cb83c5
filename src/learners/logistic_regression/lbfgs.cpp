// Two-loop recursion with a diagonal start.
#include "learners/logistic_regression/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/interrupt.h"
#include "learners/logistic_regression/line_search.h"

namespace querist::learners {

using Vector = std::vector<double>;

static double dot(std::span<const double> a, std::span<const double> b) {
  double sums[4] = {};
  size_t i = 0;
  for (; i + 4 <= a.size(); i += 4) {
    for (size_t l = 0; l < 4; ++l) sums[l] += a[i + l] * b[i + l];
  }
  for (; i < a.size(); ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void add_scaled(Vector& target, double factor, const Vector& source) {
  for (size_t i = 0; i < target.size(); ++i) target[i] += factor * source[i];
}

// One remembered step: how the point and the gradient changed.
struct Change {
  Vector step;
  Vector gradient;
  double product = 0;  // step · gradient, positive.
};

class Memory {
 public:
  explicit Memory(std::span<const double> curvature) : curvature_(curvature) {}

  void add(Change change) {
    change.product = dot(change.step, change.gradient);
    if (!(change.product > 1e-14 * dot(change.gradient, change.gradient) / largest_curvature()))
      return;
    double scaled = 0;
    for (size_t i = 0; i < curvature_.size(); ++i) {
      scaled += change.gradient[i] * change.gradient[i] / curvature_[i];
    }
    scale_ = change.product / scaled;
    changes_.push_back(std::move(change));
    if (changes_.size() > 10) changes_.pop_front();
  }

  void forget() {
    changes_.clear();
    scale_ = 1;
  }
  bool empty() const { return changes_.empty(); }

  Vector direction(const Vector& gradient) const {
    Vector d = gradient;
    Vector shares(changes_.size());
    for (size_t i = changes_.size(); i-- > 0;) {
      shares[i] = dot(changes_[i].step, d) / changes_[i].product;
      add_scaled(d, -shares[i], changes_[i].gradient);
    }
    for (size_t i = 0; i < d.size(); ++i) d[i] *= scale_ / curvature_[i];
    for (size_t i = 0; i < changes_.size(); ++i) {
      const double back = dot(changes_[i].gradient, d) / changes_[i].product;
      add_scaled(d, shares[i] - back, changes_[i].step);
    }
    for (double& value : d) value = -value;
    return d;
  }

 private:
  double largest_curvature() const {
    return *std::max_element(curvature_.begin(), curvature_.end());
  }

  std::span<const double> curvature_;
  std::deque<Change> changes_;
  double scale_ = 1;
};

LbfgsResult minimise(const Objective& objective, std::span<const double> curvature,
                     const LbfgsOptions& options, const Progress& progress,
                     std::vector<double>& point) {
  Memory memory(curvature);
  Vector gradient(point.size());
  Vector trial_point(point.size());
  Vector trial_gradient(point.size());
  LbfgsResult result;
  result.value = objective(point, gradient);
  result.evaluations = 1;
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    progress.check();
    check_interrupt();
    const Vector direction = memory.direction(gradient);
    const Trial start{0, result.value, dot(gradient, direction)};
    result.converged = -start.slope <= options.remaining;
    if (result.converged) break;
    const auto at = [&](double step) {
      for (size_t i = 0; i < point.size(); ++i) trial_point[i] = point[i] + step * direction[i];
      const double value = objective(trial_point, trial_gradient);
      ++result.evaluations;
      return Trial{step, value, dot(trial_gradient, direction)};
    };
    Trial end;
    const double noise = options.noise * std::abs(result.value);
    if (!search_line(at, start, noise, end)) {
      if (memory.empty()) break;  // Even the plain direction gains nothing: this is the bottom.
      memory.forget();
      continue;
    }
    Change change{trial_point, trial_gradient};
    add_scaled(change.step, -1, point);
    add_scaled(change.gradient, -1, gradient);
    memory.add(std::move(change));
    point.swap(trial_point);
    gradient.swap(trial_gradient);
    result.value = end.value;
  }
  return result;
}

}  // namespace querist::learners
