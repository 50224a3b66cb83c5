// Squared distances between rows from their 16-bit products, each with the most that it can be off:
// what float32 or double would say lies between.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/narrow_products.h"
#include "kernels/similarity.h"

namespace querist::kernels {

// With p a product of rows i and j: least_i + least_j - 2 unit_i unit_j p is no more than their
// squared distance, true or as `similarities` has it, and most_i + most_j - … no less. For cosine
// the rows count as scaled to length 1, and a row of zeros lies at a squared distance of 2 from
// all. At least 512 more rows may be read than there are.
struct NarrowSide {
  const float* units;
  const float* least;
  const float* most;
};

class NarrowDistances {
 public:
  NarrowDistances(Kernel kernel, const Features& x, std::span<const int64_t> rows);
  // Of every product with rows of this kernel's: infinite where bounds are of no use.
  double error() const { return rows_.error; }
  void bound(double error);  // Once, before side(): the larger error of the two sides.
  NarrowSide side() const { return {units_.data(), least_.data(), most_.data()}; }
  const NarrowRows& rows() const { return rows_; }
  std::span<const int64_t> ids() const { return ids_; }

 private:
  size_t cols_;
  std::span<const int64_t> ids_;
  NarrowRows rows_;
  std::vector<float> units_, least_, most_;
};

}  // namespace querist::kernels
