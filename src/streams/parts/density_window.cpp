// A ring of points whose slots keep the distance to their nearest neighbour.
#include "streams/parts/density_window.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/point_distances.h"

namespace querist::streams {

void DensityWindow::allocate(size_t width) {
  constexpr size_t most = size_t{1} << 28;  // Numbers: 1 GiB.
  if (width > most / capacity_) {
    refuse("a density_window of {} embeddings of {} numbers is too large", capacity_, width);
  }
  width_ = width;
  points_.resize(capacity_ * width);
  nearest_.resize(capacity_);
  distances_.resize(capacity_);
}

size_t DensityWindow::add(std::span<const float> point) {
  if (nearest_.empty()) allocate(point.size());
  if (point.size() != width_) {
    refuse("embeddings: the window holds {} numbers a point, not {}", width_, point.size());
  }
  kernels::point_distances({count_, width_, points_.data()}, point,
                           std::span(distances_).first(count_));
  size_t neighbours = 0;
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < count_; ++i) {
    const bool is_nearer = distances_[i] < nearest_[i];
    neighbours += is_nearer;
    if (is_nearer) nearest_[i] = distances_[i];
    least = std::min(least, distances_[i]);
  }
  std::copy(point.begin(), point.end(), points_.begin() + static_cast<ptrdiff_t>(oldest_ * width_));
  nearest_[oldest_] = least;
  count_ = std::min<uint64_t>(count_ + 1, capacity_);
  oldest_ = oldest_ + 1 == capacity_ ? 0 : oldest_ + 1;
  return neighbours;
}

void DensityWindow::fields(Archive& archive) {
  std::vector<float> points(points_.begin(), points_.begin() + ptrdiff_t(count_ * width_));
  std::vector<double> nearest(nearest_.begin(), nearest_.begin() + ptrdiff_t(count_));
  archive.count("width", width_);
  archive.count("points", count_);
  archive.count("oldest_point", oldest_);
  archive.values("embeddings", points);
  archive.values("nearest", nearest);
  if (!archive.reading()) return;
  archive.require(count_ <= capacity_ && (count_ == 0) == (width_ == 0), "points");
  archive.require(oldest_ == (count_ < capacity_ ? count_ : oldest_) && oldest_ < capacity_,
                  "oldest_point");
  archive.require(nearest.size() == count_, "nearest");
  archive.require(
      std::none_of(nearest.begin(), nearest.end(), [](double d) { return std::isnan(d) || d < 0; }),
      "nearest");
  if (count_ == 0) return;
  archive.require(points.size() % count_ == 0 && points.size() / count_ == width_, "embeddings");
  archive.require(
      std::all_of(points.begin(), points.end(), [](float v) { return std::isfinite(v); }),
      "embeddings");
  allocate(width_);
  std::copy(points.begin(), points.end(), points_.begin());
  std::copy(nearest.begin(), nearest.end(), nearest_.begin());
}

}  // namespace querist::streams
