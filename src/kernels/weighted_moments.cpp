// Highway source: a few vectors of columns stay in registers while all rows pass by.
#include "kernels/weighted_moments.h"

#include <algorithm>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/weighted_moments.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<double, 8>;
using Narrow = hn::Rebind<float, Wide>;

// Σ weight * term(value, column's mean) over the rows, `count` vectors of columns from `x` on.
template <size_t count, class Term>
static HWY_INLINE void sum_columns(const float* x, size_t rows, size_t cols, const double* weights,
                                   const double* means, double* sums, const Term& term) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Wide> total[count], mean[count];
#pragma GCC unroll 8
  for (size_t v = 0; v < count; ++v) {
    total[v] = hn::Zero(d);
    mean[v] = hn::LoadU(d, means + v * lanes);
  }
  for (size_t i = 0; i < rows; ++i) {
    if (weights[i] == 0) continue;
    const auto weight = hn::Set(d, weights[i]);
#pragma GCC unroll 8
    for (size_t v = 0; v < count; ++v) {
      const auto value = hn::PromoteTo(d, hn::LoadU(Narrow(), x + i * cols + v * lanes));
      total[v] = hn::MulAdd(weight, term(value, mean[v]), total[v]);
    }
  }
#pragma GCC unroll 8
  for (size_t v = 0; v < count; ++v) hn::StoreU(total[v], d, sums + v * lanes);
}

template <class Term, class One>
static HWY_INLINE void each_column(const float* x, size_t rows, size_t cols, const double* weights,
                                   const double* means, double* sums, const Term& term,
                                   const One& one) {
  const size_t lanes = hn::Lanes(Wide());
  size_t j = 0;
  for (; j + 4 * lanes <= cols; j += 4 * lanes)
    sum_columns<4>(x + j, rows, cols, weights, means + j, sums + j, term);
  for (; j + lanes <= cols; j += lanes)
    sum_columns<1>(x + j, rows, cols, weights, means + j, sums + j, term);
  for (; j < cols; ++j) {
    sums[j] = 0;
    for (size_t i = 0; i < rows; ++i) {
      if (weights[i] != 0)
        sums[j] += weights[i] * one(static_cast<double>(x[i * cols + j]), means[j]);
    }
  }
}

void SumsHere(const float* x, size_t rows, size_t cols, const double* weights, double* sums) {
  each_column(
      x, rows, cols, weights, sums, sums, [](auto value, auto) { return value; },
      [](double value, double) { return value; });
}

void SquaresHere(const float* x, size_t rows, size_t cols, const double* weights,
                 const double* means, double* sums) {
  each_column(
      x, rows, cols, weights, means, sums,
      [](auto value, auto mean) {
        const auto gap = hn::Sub(value, mean);
        return hn::Mul(gap, gap);
      },
      [](double value, double mean) { return (value - mean) * (value - mean); });
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(SumsHere);
HWY_EXPORT(SquaresHere);

void weighted_moments(const float* x, size_t rows, size_t cols, std::span<const double> weights,
                      std::span<double> means, std::span<double> variances) {
  QUERIST_CHECK(weights.size() == rows && means.size() == cols && variances.size() == cols);
  double total = 0;
  for (const double weight : weights) total += weight;
  HWY_DYNAMIC_DISPATCH(SumsHere)(x, rows, cols, weights.data(), means.data());
  for (double& mean : means) mean /= total;
  HWY_DYNAMIC_DISPATCH(SquaresHere)
  (x, rows, cols, weights.data(), means.data(), variances.data());
  for (double& variance : variances) variance /= total;
}

}  // namespace querist::kernels
#endif
