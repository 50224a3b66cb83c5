// Highway source: a vector holds one head's scores of several rows, so nothing is summed across
// lanes before the end.
#include "kernels/softmax_line.h"

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_line.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Wide>;

static HWY_INLINE Vec exp_of(Wide d, Vec x) { return hn::Exp(d, hn::Max(hn::Set(d, -700.0), x)); }

// ln(1 + e^z) - y z, with what is left of the label as residual.
static HWY_INLINE Vec binary_rows(Wide d, Vec z, Vec label, Vec weight, Vec& residual) {
  const auto one = hn::Set(d, 1.0);
  const auto small = exp_of(d, hn::Neg(hn::Abs(z)));
  const auto share = hn::Div(one, hn::Add(one, small));
  const auto p = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), hn::Mul(small, share), share);
  residual = hn::Mul(weight, hn::Sub(p, label));
  const auto grown = hn::Add(hn::Max(z, hn::Zero(d)), hn::Log1p(d, small));
  return hn::Mul(weight, hn::NegMulAdd(label, z, grown));
}

// The rows i …; residuals hold the scores in between.
static HWY_INLINE Vec softmax_rows(Wide d, const SoftmaxRows& rows, size_t i, double* residuals) {
  const auto label = hn::LoadU(d, rows.labels + i);
  const auto weight = hn::LoadU(d, rows.weights + i);
  if (hn::AllTrue(d, hn::Eq(weight, hn::Zero(d)))) {  // None of them is learnt from.
    for (size_t k = 0; k < rows.heads; ++k)
      hn::StoreU(hn::Zero(d), d, residuals + k * rows.stride + i);
    return hn::Zero(d);
  }
  auto top = hn::LoadU(d, residuals + i);
  auto own = hn::Zero(d);
  for (size_t k = 0; k < rows.heads; ++k) {
    const auto z = hn::LoadU(d, residuals + k * rows.stride + i);
    top = hn::Max(top, z);
    own = hn::IfThenElse(hn::Eq(label, hn::Set(d, static_cast<double>(k))), z, own);
  }
  auto sum = hn::Zero(d);
  for (size_t k = 0; k < rows.heads; ++k) {
    double* at = residuals + k * rows.stride + i;
    const auto e = exp_of(d, hn::Sub(hn::LoadU(d, at), top));
    hn::StoreU(e, d, at);
    sum = hn::Add(sum, e);
  }
  const auto share = hn::Div(weight, sum);
  for (size_t k = 0; k < rows.heads; ++k) {
    double* at = residuals + k * rows.stride + i;
    const auto is_own = hn::Eq(label, hn::Set(d, static_cast<double>(k)));
    const auto taken = hn::IfThenElseZero(is_own, weight);
    hn::StoreU(hn::MulSub(hn::LoadU(d, at), share, taken), d, at);
  }
  return hn::Mul(weight, hn::Add(hn::Sub(top, own), hn::Log(d, sum)));
}

LineLoss LineHere(const SoftmaxRows& rows, const double* scores, const double* direction,
                  const double* bias, const double* bias_direction, double step, double* residuals,
                  double* sums) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  const auto t = hn::Set(d, step);
  for (size_t k = 0; k < rows.heads; ++k) {
    const auto shift = hn::Set(d, bias[k] + step * bias_direction[k]);
    const size_t begin = k * rows.stride;
    for (size_t at = begin; at < begin + rows.stride; at += lanes) {
      const auto moved = hn::MulAdd(t, hn::LoadU(d, direction + at), hn::LoadU(d, scores + at));
      hn::StoreU(hn::Add(moved, shift), d, residuals + at);
    }
  }
  auto loss = hn::Zero(d);
  for (size_t i = 0; i < rows.stride; i += lanes) {
    if (rows.heads > 1) {
      loss = hn::Add(loss, softmax_rows(d, rows, i, residuals));
      continue;
    }
    Vec residual;
    loss = hn::Add(loss, binary_rows(d, hn::LoadU(d, residuals + i), hn::LoadU(d, rows.labels + i),
                                     hn::LoadU(d, rows.weights + i), residual));
    hn::StoreU(residual, d, residuals + i);
  }
  LineLoss out{hn::GetLane(hn::SumOfLanes(d, loss)), 0};
  for (size_t k = 0; k < rows.heads; ++k) {
    auto sum = hn::Zero(d);
    auto slope = hn::Zero(d);
    const size_t begin = k * rows.stride;
    for (size_t at = begin; at < begin + rows.stride; at += lanes) {
      const auto residual = hn::LoadU(d, residuals + at);
      sum = hn::Add(sum, residual);
      slope = hn::MulAdd(residual, hn::LoadU(d, direction + at), slope);
    }
    sums[k] = hn::GetLane(hn::SumOfLanes(d, sum));
    out.slope += hn::GetLane(hn::SumOfLanes(d, slope)) + sums[k] * bias_direction[k];
  }
  return out;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(LineHere);

LineLoss softmax_line(const SoftmaxRows& rows, const double* scores, const double* direction,
                      const double* bias, const double* bias_direction, double step,
                      double* residuals, double* sums) {
  QUERIST_CHECK(rows.stride % 8 == 0 && rows.heads > 0);
  return HWY_DYNAMIC_DISPATCH(LineHere)(rows, scores, direction, bias, bias_direction, step,
                                        residuals, sums);
}

}  // namespace querist::kernels
#endif
