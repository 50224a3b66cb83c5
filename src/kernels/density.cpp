// The Euclidean kind is a growth of coverage from nothing; the cosine kind needs one mean.
#include "kernels/density.h"

#include <algorithm>
#include <cmath>

#include "kernels/pair_blocks.h"
#include "kernels/pair_sweep.h"
#include "kernels/row_dots.h"

namespace querist::kernels {

std::vector<double> inverse_distance_density(const Features& x, std::span<const int64_t> rows,
                                             std::span<const int64_t> others) {
  const Kernel kernel = {Similarity::inverse_distance};
  const std::vector<float> ones(others.size(), 1);
  const std::vector<float> nothing(others.size(), 0);
  const auto norms = kernel_norms(kernel, x, rows);
  const bool same = std::ranges::equal(rows, others);
  std::vector<float> other_norms;
  if (!same) other_norms = kernel_norms(kernel, x, others);
  auto sums = same ? growth_of_all(kernel, {x, rows, norms}, ones, nothing)
                   : growth(kernel, {x, rows, norms}, {x, others, other_norms}, ones, nothing);
  for (double& sum : sums) sum /= static_cast<double>(std::max<size_t>(1, others.size()));
  return sums;
}

// The mean of the unit rows, in double; rows of zeros count as zeros.
static std::vector<float> mean_direction(const Features& x, std::span<const int64_t> rows) {
  std::vector<float> norms(rows.size());
  row_squared_norms(x, rows, norms);
  std::vector<double> sum(x.cols, 0);
  RowReader reader(x, block_rows);
  for (size_t from = 0; from < rows.size(); from += block_rows) {
    const size_t n = std::min(block_rows, rows.size() - from);
    const float* const* read = reader.read(rows.subspan(from, n));
    for (size_t i = 0; i < n; ++i) {
      if (norms[from + i] <= 0) continue;
      const double scale = 1 / std::sqrt(static_cast<double>(norms[from + i]));
      for (size_t j = 0; j < x.cols; ++j) sum[j] += scale * static_cast<double>(read[i][j]);
    }
  }
  std::vector<float> mean;
  for (const double s : sum)
    mean.push_back(static_cast<float>(s / static_cast<double>(std::max<size_t>(1, rows.size()))));
  return mean;
}

std::vector<double> cosine_density(const Features& x, std::span<const int64_t> rows,
                                   std::span<const int64_t> others) {
  const auto mean = mean_direction(x, others);
  std::vector<float> dots(rows.size());
  std::vector<float> norms(rows.size());
  row_dots(x, rows, mean, dots);
  row_squared_norms(x, rows, norms);
  std::vector<double> out(rows.size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (norms[i] > 0)
      out[i] = std::max(0.0, static_cast<double>(dots[i]) / std::sqrt(double{norms[i]}));
  }
  return out;
}

}  // namespace querist::kernels
