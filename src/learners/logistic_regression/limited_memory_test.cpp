// The direction from a table of products against the two loops as they are written in the books.
#include "learners/logistic_regression/limited_memory.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace querist::learners {

using Vector = std::vector<double>;

static double product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Nocedal and Wright, algorithm 7.4, with a scaled identity in the middle.
static Vector two_loops(const std::vector<Vector>& steps, const std::vector<Vector>& changes,
                        Vector q) {
  const size_t count = steps.size();
  Vector shares(count);
  for (size_t i = count; i-- > 0;) {
    shares[i] = product(steps[i], q) / product(steps[i], changes[i]);
    for (size_t j = 0; j < q.size(); ++j) q[j] -= shares[i] * changes[i][j];
  }
  const double scale =
      product(steps.back(), changes.back()) / product(changes.back(), changes.back());
  for (double& value : q) value *= scale;
  for (size_t i = 0; i < count; ++i) {
    const double back = product(changes[i], q) / product(steps[i], changes[i]);
    for (size_t j = 0; j < q.size(); ++j) q[j] += (shares[i] - back) * steps[i][j];
  }
  for (double& value : q) value = -value;
  return q;
}

// A quadratic of 40 variables, its gradient H x, walked with clumsy steps. The metric is the
// identity on the first half of the variables and 9 on the others, so that their images differ.
TEST(LimitedMemory, GivesTheDirectionOfTheTwoLoops) {
  constexpr size_t size = 40;
  Rng rng(3);
  Vector bend(size), metric(size, 1);
  for (size_t i = 0; i < size; ++i) bend[i] = 0.5 + 20 * rng.uniform();
  for (size_t i = size / 2; i < size; ++i) metric[i] = 9;
  const auto image = [&](const Vector& v) {
    Vector out = v;
    for (size_t i = 0; i < size; ++i) out[i] *= metric[i];
    return out;
  };
  // The oracle works in stretched variables, whose plain product is the metric's.
  const auto stretched = [&](const Vector& v) {
    Vector out = v;
    for (size_t i = 0; i < size; ++i) out[i] *= std::sqrt(metric[i]);
    return out;
  };
  Vector point(size);
  for (double& value : point) value = rng.normal();
  const auto gradient_at = [&](const Vector& x) {
    Vector out = x;
    for (size_t i = 0; i < size; ++i) out[i] *= bend[i];
    return out;
  };
  LimitedMemory memory(0.1);
  std::vector<Vector> steps, changes;
  Vector gradient = gradient_at(point);
  for (int round = 0; round < 14; ++round) {
    Vector direction(size), direction_image(size);
    const double slope = memory.direction(gradient, image(gradient), direction, direction_image);
    Vector expected = gradient;
    for (double& value : expected) value *= -0.1;
    if (!steps.empty()) {
      expected = two_loops(steps, changes, stretched(gradient));
      for (size_t i = 0; i < size; ++i) expected[i] /= std::sqrt(metric[i]);
    }
    const double length = std::sqrt(product(expected, expected));
    for (size_t i = 0; i < size; ++i) {  // Remembered vectors are float32.
      ASSERT_NEAR(direction[i], expected[i], 2e-5 * length);
      ASSERT_NEAR(direction_image[i], metric[i] * direction[i], 2e-5 * length);
    }
    ASSERT_NEAR(slope, product(direction, image(gradient)), 1e-4 * std::abs(slope));
    const double factor = 0.3 + rng.uniform();
    for (size_t i = 0; i < size; ++i) point[i] += factor * direction[i];
    const Vector next = gradient_at(point);
    Vector change = next;
    for (size_t i = 0; i < size; ++i) change[i] -= gradient[i];
    memory.add(factor, direction, direction_image, change, image(change));
    Vector step = stretched(direction);
    for (double& value : step) value *= factor;
    steps.push_back(step);
    changes.push_back(stretched(change));
    if (steps.size() > 10) {
      steps.erase(steps.begin());
      changes.erase(changes.begin());
    }
    gradient = next;
  }
  memory.forget();
  EXPECT_TRUE(memory.empty());
}

}  // namespace querist::learners
