// Moments, the shrinkage and whitened distances.
#include "out_of_distribution/parts/gaussian.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/interrupt.h"
#include "kernels/cholesky.h"

namespace querist::out_of_distribution {

static constexpr size_t block_rows = 256;

void each_block(const Features& x,
                const std::function<void(size_t begin, size_t count, double* rows)>& use) {
  std::vector<double> wide;
  std::vector<int64_t> numbers;
  for (size_t begin = 0; begin < x.rows; begin += block_rows) {
    check_interrupt();
    numbers.resize(std::min(block_rows, x.rows - begin));
    std::iota(numbers.begin(), numbers.end(), static_cast<int64_t>(begin));
    const Matrix rows = dense_rows(x, numbers);
    wide.assign(rows.values.begin(), rows.values.end());
    use(begin, rows.rows, wide.data());
  }
}

ClassMeans class_means(const Features& x, std::span<const int32_t> labels) {
  const size_t d = x.cols;
  std::vector<int32_t> present(labels.begin(), labels.end());
  std::sort(present.begin(), present.end());
  present.erase(std::unique(present.begin(), present.end()), present.end());
  ClassMeans means;
  means.all.resize(d);
  means.classes.resize(present.size() * d);
  std::vector<double> counts(present.size());
  for (const int32_t label : labels) {
    const auto found = std::lower_bound(present.begin(), present.end(), label);
    means.of_row.push_back(static_cast<size_t>(found - present.begin()));
    ++counts[means.of_row.back()];
  }
  each_block(x, [&](size_t begin, size_t count, double* rows) {
    for (size_t i = 0; i < count; ++i) {
      double* mean = means.classes.data() + means.of_row[begin + i] * d;
      for (size_t j = 0; j < d; ++j) mean[j] += rows[i * d + j];
    }
  });
  for (size_t c = 0; c < present.size(); ++c) {
    for (size_t j = 0; j < d; ++j) {
      means.all[j] += means.classes[c * d + j] / static_cast<double>(labels.size());
      means.classes[c * d + j] /= counts[c];
    }
  }
  return means;
}

double ledoit_wolf_shrinkage(const std::vector<double>& moments, size_t d, size_t n,
                             double fourth_powers) {
  const auto p = static_cast<double>(d);
  double trace = 0;
  double squares = 0;  // Of all entries of S.
  for (size_t i = 0; i < d; ++i) {
    trace += moments[i * d + i];
    squares += moments[i * d + i] * moments[i * d + i];
    for (size_t j = 0; j < i; ++j) squares += 2 * moments[i * d + j] * moments[i * d + j];
  }
  const double spread = (squares - trace * trace / p) / p;
  const auto rows = static_cast<double>(n);
  const double error = (fourth_powers / rows - squares) / (p * rows);
  return spread > 0 ? std::clamp(error / spread, 0.0, 1.0) : 0;
}

std::vector<double> shrunk_covariance(const Features& x, const ClassMeans& means,
                                      double shrinkage) {
  const size_t d = x.cols;
  std::vector<double> moments(d * d);
  double fourth_powers = 0;
  each_block(x, [&](size_t begin, size_t count, double* rows) {
    for (size_t i = 0; i < count; ++i) {
      const double* mean = means.classes.data() + means.of_row[begin + i] * d;
      double square = 0;
      for (size_t j = 0; j < d; ++j) {
        double& value = rows[i * d + j];
        value -= mean[j];
        square += value * value;
      }
      fourth_powers += square * square;
    }
    kernels::add_gram(rows, count, d, moments.data());
  });
  for (double& value : moments) value /= static_cast<double>(x.rows);
  double level = 0;
  for (size_t j = 0; j < d; ++j) level += moments[j * d + j] / static_cast<double>(d);
  const bool is_flat = !(level > 0);
  const double share = is_flat         ? 1
                       : shrinkage > 0 ? shrinkage
                                       : ledoit_wolf_shrinkage(moments, d, x.rows, fourth_powers);
  for (double& value : moments) value *= 1 - share;
  for (size_t j = 0; j < d; ++j) moments[j * d + j] += share * (is_flat ? 1 : level);
  return moments;
}

void add_between_classes(const ClassMeans& means, size_t d, std::vector<double>& covariance) {
  const size_t classes = means.classes.size() / d;
  std::vector<double> counts(classes);
  for (const size_t c : means.of_row) ++counts[c];
  std::vector<double> gaps(classes * d);
  for (size_t c = 0; c < classes; ++c) {
    const double weight = std::sqrt(counts[c] / static_cast<double>(means.of_row.size()));
    for (size_t j = 0; j < d; ++j)
      gaps[c * d + j] = weight * (means.classes[c * d + j] - means.all[j]);
  }
  kernels::add_gram(gaps.data(), classes, d, covariance.data());
}

std::vector<double> factor_of(const std::vector<double>& covariance, size_t d) {
  double level = 0;
  for (size_t j = 0; j < d; ++j) level += covariance[j * d + j] / static_cast<double>(d);
  // Columns that are sums of others leave it singular where it was hardly shrunk.
  for (double more = 0;; more = std::max(more * 10, 1e-12)) {
    std::vector<double> factor = covariance;
    for (size_t j = 0; j < d; ++j) factor[j * d + j] += more * level;
    if (kernels::cholesky(factor, d)) return factor;
    QUERIST_CHECK(more < 1);
  }
}

void whiten(const std::vector<double>& factor, std::span<const double> mean, double* rows,
            size_t count) {
  const size_t d = mean.size();
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < d; ++j) rows[i * d + j] -= mean[j];
  }
  kernels::solve_lower(factor, d, rows, count);
}

static double squared_length(const double* row, size_t d) {
  double sum = 0;
  for (size_t j = 0; j < d; ++j) sum += row[j] * row[j];
  return sum;
}

void least_distances(const double* rows, size_t count, std::span<const double> means, size_t d,
                     double* out) {
  const size_t k = means.size() / d;
  std::vector<double> products(count * k);
  kernels::multiply_rows(rows, count, means.data(), k, d, products.data());
  std::vector<double> lengths(k);
  for (size_t c = 0; c < k; ++c) lengths[c] = squared_length(means.data() + c * d, d);
  for (size_t i = 0; i < count; ++i) {
    const double own = squared_length(rows + i * d, d);
    double least = INFINITY;
    for (size_t c = 0; c < k; ++c)
      least = std::min(least, own - 2 * products[i * k + c] + lengths[c]);
    out[i] = std::max(0.0, least);
  }
}

ParamSpecs shrinkage_params() {
  return {{.name = "shrinkage",
           .fallback = 0.0,
           .min = 0,
           .max = 1,
           .help = "How far the covariance is drawn towards a multiple of the identity; 0: as far "
                   "as Ledoit and Wolf (2004) find best.",
           .automatic = true}};
}

}  // namespace querist::out_of_distribution
