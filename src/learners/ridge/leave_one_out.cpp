// With A = U S Vᵀ and components Z = U S: leverage_i = w_i/total + sum_j z_ij² / (s_j² + penalty),
// and the error without row i is its residual over 1 - leverage_i.
#include "learners/ridge/leave_one_out.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/interrupt.h"
#include "kernels/cholesky.h"
#include "kernels/orthonormal.h"

namespace querist::learners {

// Z, (rows, rank).
static std::vector<double> components(const CentredRows& a, const kernels::Eigen& eigen,
                                      bool is_tall) {
  const size_t n = a.rows(), rank = eigen.values.size();
  std::vector<double> z(n * rank);
  if (!is_tall) {  // Eigenvectors of A Aᵀ are U.
    for (size_t j = 0; j < rank; ++j) {
      const double scale = std::sqrt(std::max(eigen.values[j], 0.0));
      for (size_t i = 0; i < n; ++i) z[i * rank + j] = eigen.vectors[j * rank + i] * scale;
    }
    return z;
  }
  for (size_t j = 0; j < rank; ++j) {  // Those of AᵀA are V, and Z = A V.
    const std::vector<double> column = a.times({eigen.vectors.data() + j * rank, rank});
    for (size_t i = 0; i < n; ++i) z[i * rank + j] = column[i];
    check_interrupt();
  }
  return z;
}

LeaveOneOut::LeaveOneOut(const CentredRows& a, std::span<const double> centred_targets)
    : rows_(a.rows()), targets_(centred_targets.begin(), centred_targets.end()) {
  const bool is_tall = a.cols() <= a.rows();
  rank_ = std::min(a.rows(), a.cols());
  const kernels::Eigen eigen =
      kernels::symmetric_eigen(is_tall ? a.gram() : a.row_products(), rank_);
  spectrum_ = eigen.values;
  for (double& value : spectrum_) value = std::max(value, 0.0);
  squares_ = components(a, eigen, is_tall);
  std::vector<double> target_components(rank_);
  for (size_t i = 0; i < rows_; ++i) {
    for (size_t j = 0; j < rank_; ++j) {
      target_components[j] += squares_[i * rank_ + j] * targets_[i];
    }
  }
  shares_.resize(squares_.size());
  for (size_t i = 0; i < rows_; ++i) {
    own_.push_back(a.roots()[i] * a.roots()[i] / a.total());
    for (size_t j = 0; j < rank_; ++j) {
      double& z = squares_[i * rank_ + j];
      shares_[i * rank_ + j] = z * target_components[j];
      z *= z;
    }
  }
}

std::vector<double> LeaveOneOut::errors(std::span<const double> penalties) const {
  const size_t count = penalties.size();
  std::vector<double> shrinkage(count * rank_);
  for (size_t p = 0; p < count; ++p) {
    for (size_t j = 0; j < rank_; ++j) {
      shrinkage[p * rank_ + j] = 1 / (spectrum_[j] + penalties[p]);
    }
  }
  std::vector<double> leverages(rows_ * count);
  std::vector<double> fits(rows_ * count);
  kernels::multiply_rows(squares_.data(), rows_, shrinkage.data(), count, rank_, leverages.data());
  kernels::multiply_rows(shares_.data(), rows_, shrinkage.data(), count, rank_, fits.data());
  std::vector<double> out(count);
  for (size_t i = 0; i < rows_; ++i) {
    for (size_t p = 0; p < count; ++p) {
      const double left = 1 - own_[i] - leverages[i * count + p];
      const double error = (targets_[i] - fits[i * count + p]) / std::max(left, 1e-12);
      out[p] += error * error;
    }
  }
  return out;
}

// The penalty of the least error among `steps` on a logarithmic scale; ties go to the larger.
static double least(const LeaveOneOut& errors, double from, double to, size_t steps) {
  std::vector<double> penalties;
  for (size_t i = 0; i < steps; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
    penalties.push_back(from * std::pow(to / from, share));
  }
  const std::vector<double> found = errors.errors(penalties);
  size_t best = 0;
  for (size_t i = 1; i < steps; ++i) {
    if (found[i] <= found[best]) best = i;
  }
  return penalties[best];
}

double LeaveOneOut::best() const {
  const double top = rank_ > 0 ? spectrum_[0] : 0;
  if (rows_ < 2 || !(top > std::numeric_limits<double>::min() * 1e9)) return 1;
  // Half a decade apart at first; below 1e-10 of the largest singular value squared, double
  // precision decides and not the data.
  const double coarse = least(*this, top * 1e-10, top * 1e4, 29);
  const double step = std::sqrt(10.0);
  return least(*this, std::max(top * 1e-10, coarse / step), coarse * step, 71);
}

}  // namespace querist::learners
