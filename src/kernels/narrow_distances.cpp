// Rounding of the products, of norms by a chain of multiply-adds and of the sums, all in one part.
#include "kernels/narrow_distances.h"

#include <algorithm>

#include "kernels/pair_blocks.h"

namespace querist::kernels {

static constexpr size_t padding = 512;

NarrowDistances::NarrowDistances(Kernel kernel, const Features& x, std::span<const int64_t> rows)
    : cols_(x.cols), ids_(rows), rows_(narrow_rows(x, rows)), units_(rows_.units) {
  const auto norms = kernel_norms(kernel, x, rows);
  units_.resize(rows.size() + padding, 0);
  least_.assign(units_.size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool unit_length = kernel.similarity == Similarity::cosine;
    if (unit_length) units_[i] *= norms[i];
    least_[i] = unit_length ? 1 : norms[i];
  }
  most_ = least_;
}

// Twice a product errs by up to error · 2 |a| |b| <= error · (|a|^2 + |b|^2).
void NarrowDistances::bound(double error) {
  const double part = error + (static_cast<double>(cols_) + 16) * 0x1p-23;
  for (size_t i = 0; i < least_.size(); ++i) {
    const auto norm = static_cast<double>(least_[i]);
    least_[i] = static_cast<float>(norm * (1 - part));
    most_[i] = static_cast<float>(norm * (1 + part));
  }
}

}  // namespace querist::kernels
