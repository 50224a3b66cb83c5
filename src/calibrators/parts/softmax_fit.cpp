// The loss is convex and the ridge makes it strictly so: Newton steps with a backtracking search.
#include "calibrators/parts/softmax_fit.h"

#include <cmath>

#include "base/interrupt.h"
#include "calibrators/parts/softmax.h"

namespace querist::calibrators {

using Vector = std::vector<double>;

static double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

struct Objective {
  const RowMap& map;
  const CalibrationSet& set;
  const Vector& start;
  double ridge;

  double value(const Vector& numbers) const {
    const size_t classes = set.logits.cols;
    Vector mapped(classes);
    Vector p(classes);
    double sum = 0;
    for (size_t i = 0; i < set.logits.rows; ++i) {
      map.forward(numbers, set.logits.row(i), mapped);
      const double normal = softmax(mapped, 1, p);
      sum += weight_of(set, i) * (normal - mapped[static_cast<size_t>(set.labels[i])]);
    }
    for (size_t j = 0; j < numbers.size(); ++j)
      sum += ridge / 2 * (numbers[j] - start[j]) * (numbers[j] - start[j]);
    return sum;
  }

  // Also keeps the probabilities, which the Hessian needs.
  Vector gradient(const Vector& numbers, Vector& probabilities) const {
    const size_t classes = set.logits.cols;
    Vector mapped(classes);
    Vector slope(numbers.size());
    for (size_t i = 0; i < set.logits.rows; ++i) {
      map.forward(numbers, set.logits.row(i), mapped);
      const auto p = std::span(probabilities).subspan(i * classes, classes);
      softmax(mapped, 1, p);
      const double weight = weight_of(set, i);
      for (size_t k = 0; k < classes; ++k) mapped[k] = weight * p[k];
      mapped[static_cast<size_t>(set.labels[i])] -= weight;
      map.add_backward(mapped, set.logits.row(i), slope);
    }
    for (size_t j = 0; j < slope.size(); ++j) slope[j] += ridge * (numbers[j] - start[j]);
    return slope;
  }

  Vector hessian_times(const Vector& direction, const Vector& probabilities) const {
    const size_t classes = set.logits.cols;
    Vector mapped(classes);
    Vector out(direction.size());
    for (size_t i = 0; i < set.logits.rows; ++i) {
      map.forward(direction, set.logits.row(i), mapped);
      const auto p = std::span(probabilities).subspan(i * classes, classes);
      double mean = 0;
      for (size_t k = 0; k < classes; ++k) mean += p[k] * mapped[k];
      for (size_t k = 0; k < classes; ++k)
        mapped[k] = weight_of(set, i) * p[k] * (mapped[k] - mean);
      map.add_backward(mapped, set.logits.row(i), out);
    }
    for (size_t j = 0; j < out.size(); ++j) out[j] += ridge * direction[j];
    return out;
  }
};

// Solves Hessian * step = -slope, more exactly the nearer the minimum is.
static Vector newton_step(const Objective& objective, const Vector& slope,
                          const Vector& probabilities) {
  Vector step(slope.size());
  Vector rest = slope;
  for (double& value : rest) value = -value;
  Vector direction = rest;
  double square = dot(rest, rest);
  const double first = std::sqrt(square);
  const double wanted = std::min(0.1, first) * first * 0.1;
  for (int round = 0; round < 100 && std::sqrt(square) > wanted; ++round) {
    check_interrupt();
    const Vector bent = objective.hessian_times(direction, probabilities);
    const double share = square / dot(direction, bent);
    for (size_t j = 0; j < step.size(); ++j) {
      step[j] += share * direction[j];
      rest[j] -= share * bent[j];
    }
    const double next = dot(rest, rest);
    for (size_t j = 0; j < step.size(); ++j) direction[j] = rest[j] + next / square * direction[j];
    square = next;
  }
  return step;
}

std::vector<double> fit_softmax(const RowMap& map, const CalibrationSet& set, const Vector& start,
                                double ridge) {
  const Objective objective{map, set, start, ridge};
  double total = 0;
  for (size_t i = 0; i < set.logits.rows; ++i) total += weight_of(set, i);
  Vector numbers = start;
  Vector probabilities(set.logits.rows * set.logits.cols);
  double value = objective.value(numbers);
  for (int round = 0; round < 100; ++round) {
    const Vector slope = objective.gradient(numbers, probabilities);
    double largest = 0;
    for (const double one : slope) largest = std::max(largest, std::abs(one));
    if (largest <= 1e-10 * total) break;
    const Vector step = newton_step(objective, slope, probabilities);
    const double along = dot(slope, step);
    Vector next(numbers.size());
    double share = 1;
    double reached = INFINITY;
    for (; share > 1e-10; share /= 2) {
      for (size_t j = 0; j < next.size(); ++j) next[j] = numbers[j] + share * step[j];
      reached = objective.value(next);
      // The slack is what rounding may add near the minimum.
      if (reached <= value + 1e-4 * share * along + 1e-14 * std::abs(value)) break;
    }
    if (share <= 1e-10) break;
    numbers = next;
    value = reached;
  }
  return numbers;
}

}  // namespace querist::calibrators
