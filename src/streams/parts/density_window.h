// How dense a stream is around an instance: of how many recent instances it is the new nearest
// neighbour (Ienco, Zliobaite and Pfahringer 2014).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "streams/parts/archive.h"

namespace querist::streams {

// The last `capacity` points, each with the squared distance to the nearest of the points that came
// before it while it lay here, or since.
class DensityWindow {
 public:
  explicit DensityWindow(size_t capacity) : capacity_(capacity) {}

  // Takes the point in and returns the number of points here that have it as their new nearest
  // neighbour; 0 for the first. A tie is no new neighbour. 3 flops a number of the window; the
  // first call allocates.
  size_t add(std::span<const float> point);
  void fields(Archive& archive);

 private:
  void allocate(size_t width);

  size_t capacity_;
  uint64_t width_ = 0;
  uint64_t count_ = 0;
  uint64_t oldest_ = 0;          // Where the next point goes.
  std::vector<float> points_;    // (capacity, width).
  std::vector<double> nearest_;  // Squared, one a point.
  std::vector<double> distances_;
};

}  // namespace querist::streams
