// The two loops run over a table of inner products; long vectors are read twice a step, in float32.
#include "learners/logistic_regression/limited_memory.h"

#include <algorithm>
#include <array>

#include "kernels/float_rows.h"

namespace querist::learners {

static constexpr size_t most_changes = 10;

static void scale(double factor, std::span<const double> values, std::vector<float>& out) {
  out.resize(values.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(factor * values[i]);
}

double LimitedMemory::direction(std::span<const double> gradient,
                                std::span<const double> gradient_image, std::span<double> out,
                                std::span<double> out_image) {
  const size_t count = changes_.size();
  std::array<const float*, 2 * most_changes> vectors, images;
  for (size_t i = 0; i < count; ++i) {
    vectors[i] = changes_[i].step.data();
    vectors[count + i] = changes_[i].gradient.data();
    images[i] = changes_[i].step_image.data();
    images[count + i] = changes_[i].gradient_image.data();
  }
  std::array<double, 2 * most_changes> dots, factors;  // Factors of the steps, then the gradients.
  std::array<double, most_changes> shares;
  const std::span rows(vectors.data(), 2 * count);
  kernels::float_row_dots(rows, gradient_image, std::span(dots).first(2 * count));
  if (fresh_) {  // gradient - last gradient is the last change's own.
    Change& last = changes_.back();
    for (size_t i = 0; i + 1 < count; ++i) {
      last.steps.push_back(dots[i] - step_dots_[i]);
      last.gradients.push_back(dots[count + i] - gradient_dots_[i]);
    }
    fresh_ = false;
  }
  step_dots_.assign(dots.data(), dots.data() + count);
  gradient_dots_.assign(dots.data() + count, dots.data() + 2 * count);
  for (size_t i = count; i-- > 0;) {
    double left = step_dots_[i];
    for (size_t j = i + 1; j < count; ++j) left -= shares[j] * changes_[j].steps[i];
    shares[i] = left / changes_[i].product;
  }
  const auto gradients_product = [&](size_t i, size_t j) {
    return i == j ? changes_[i].norm : i < j ? changes_[j].gradients[i] : changes_[i].gradients[j];
  };
  for (size_t i = 0; i < count; ++i) {
    double back = gradient_dots_[i];
    for (size_t j = 0; j < count; ++j) back -= shares[j] * gradients_product(i, j);
    back *= scale_;
    for (size_t j = 0; j < i; ++j) back -= factors[j] * changes_[i].steps[j];
    factors[i] = back / changes_[i].product - shares[i];  // Negative: the way is down.
    factors[count + i] = scale_ * shares[i];
  }
  double slope = -scale_ * kernels::dot(gradient, gradient_image);
  for (size_t i = 0; i < 2 * count; ++i) slope += factors[i] * dots[i];
  for (size_t i = 0; i < out.size(); ++i) out[i] = -scale_ * gradient[i];
  const std::span<const double> given(factors.data(), 2 * count);
  kernels::add_float_rows(rows, given, out);
  if (out.data() == out_image.data()) return slope;
  for (size_t i = 0; i < out.size(); ++i) out_image[i] = -scale_ * gradient_image[i];
  kernels::add_float_rows(std::span(images.data(), 2 * count), given, out_image);
  return slope;
}

void LimitedMemory::add(double factor, std::span<const double> direction,
                        std::span<const double> direction_image, std::span<const double> change,
                        std::span<const double> change_image) {
  const double product = factor * kernels::dot(direction, change_image);
  const double norm = kernels::dot(change, change_image);
  // Below this the two are rounding.
  if (!(product > 1e-14 * norm * first_scale_) || !(norm > 0)) return;
  scale_ = product / norm;
  if (changes_.size() < most_changes) {
    changes_.emplace_back();
  } else {  // The oldest one's room is used again.
    std::rotate(changes_.begin(), changes_.begin() + 1, changes_.end());
    for (size_t i = 0; i + 1 < changes_.size(); ++i) {
      Change& kept = changes_[i];
      if (!kept.steps.empty()) kept.steps.erase(kept.steps.begin());
      if (!kept.gradients.empty()) kept.gradients.erase(kept.gradients.begin());
    }
    step_dots_.erase(step_dots_.begin());
    gradient_dots_.erase(gradient_dots_.begin());
  }
  Change& next = changes_.back();
  scale(factor, direction, next.step);
  scale(1, change, next.gradient);
  if (direction.data() != direction_image.data()) {
    scale(factor, direction_image, next.step_image);
    scale(1, change_image, next.gradient_image);
  }
  next.product = product;
  next.norm = norm;
  next.steps.clear();
  next.gradients.clear();
  fresh_ = true;
}

void LimitedMemory::forget() {
  changes_.clear();
  step_dots_.clear();
  gradient_dots_.clear();
  fresh_ = false;
  scale_ = first_scale_;
}

}  // namespace querist::learners
