// The two loops run over a table of inner products; long vectors are read twice a step, in float32.
#include "learners/logistic_regression/limited_memory.h"

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
  std::vector<const std::vector<float>*> rows, images;
  for (const Change& change : changes_) rows.push_back(&change.step);
  for (const Change& change : changes_) rows.push_back(&change.gradient);
  for (const Change& change : changes_) images.push_back(&change.step_image);
  for (const Change& change : changes_) images.push_back(&change.gradient_image);
  std::vector<double> dots(2 * count);
  kernels::float_row_dots(rows, gradient_image, dots);
  if (fresh_) {  // gradient - last gradient is the last change's own.
    Change& last = changes_.back();
    for (size_t i = 0; i + 1 < count; ++i) {
      last.steps.push_back(dots[i] - step_dots_[i]);
      last.gradients.push_back(dots[count + i] - gradient_dots_[i]);
    }
    fresh_ = false;
  }
  step_dots_.assign(dots.begin(), dots.begin() + static_cast<std::ptrdiff_t>(count));
  gradient_dots_.assign(dots.begin() + static_cast<std::ptrdiff_t>(count), dots.end());
  std::vector<double> factors(2 * count);  // Of the steps, then of the gradients.
  std::vector<double> shares(count);
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
  kernels::add_float_rows(rows, factors, out);
  if (out.data() == out_image.data()) return slope;
  for (size_t i = 0; i < out.size(); ++i) out_image[i] = -scale_ * gradient_image[i];
  kernels::add_float_rows(images, factors, out_image);
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
  Change next;
  if (changes_.size() == most_changes) {
    next = std::move(changes_.front());  // Its room is used again.
    changes_.pop_front();
    for (Change& kept : changes_) {
      if (!kept.steps.empty()) kept.steps.erase(kept.steps.begin());
      if (!kept.gradients.empty()) kept.gradients.erase(kept.gradients.begin());
    }
    step_dots_.erase(step_dots_.begin());
    gradient_dots_.erase(gradient_dots_.begin());
  }
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
  changes_.push_back(std::move(next));
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
