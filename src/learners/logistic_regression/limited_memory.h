// What limited-memory quasi-Newton steps remember, over vectors that are stored with their images
// under a metric (Nocedal 1980; inner products kept as in Chen, Wang and Zhou 2014).
#pragma once

#include <span>
#include <vector>

namespace querist::learners {

// A vector v is held as coefficients and as an image: the inner product of v and w is the plain
// product of v's coefficients with w's image. Where the two are the same numbers, pass them twice:
// they are kept once.
class LimitedMemory {
 public:
  // first_scale: the direction is -first_scale * gradient while nothing is remembered.
  explicit LimitedMemory(double first_scale) : first_scale_(first_scale), scale_(first_scale) {}

  // Writes the direction to go from a point with this gradient; returns the slope along it.
  double direction(std::span<const double> gradient, std::span<const double> gradient_image,
                   std::span<double> out, std::span<double> out_image);

  // Remembers how the point went on since the last direction, with step = factor * direction, and
  // how the gradient changed. Changes along which the function bends too little are left out.
  void add(double factor, std::span<const double> direction,
           std::span<const double> direction_image, std::span<const double> change,
           std::span<const double> change_image);

  void forget();
  bool empty() const { return changes_.empty(); }

 private:
  struct Change {
    std::vector<float> step, step_image, gradient, gradient_image;  // Images: empty where the same.
    double product = 0;                                             // step · gradient, positive.
    double norm = 0;                                                // gradient · gradient.
    // With those remembered before this one, oldest first: their steps and their gradients times
    // this gradient.
    std::vector<double> steps, gradients;
  };

  std::vector<Change> changes_;                    // Oldest first.
  std::vector<double> step_dots_, gradient_dots_;  // With the last gradient asked about.
  bool fresh_ = false;                             // The last change has no products yet.
  double first_scale_;
  double scale_;
};

}  // namespace querist::learners
