// Highway source: the square root and the division are what it costs without vectors.
#include "kernels/adam.h"

#include <algorithm>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/adam.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// `count` weights, a vector at a time: the caller pads.
static HWY_INLINE void step_whole(const AdamStep& step, const float* gradient, float* weights,
                                  float* moments, float* squares, size_t count) {
  const hn::CappedTag<float, 16> d;
  const auto beta1 = hn::Set(d, step.beta1), rest1 = hn::Set(d, 1 - step.beta1);
  const auto beta2 = hn::Set(d, step.beta2), rest2 = hn::Set(d, 1 - step.beta2);
  const auto rate = hn::Set(d, step.rate / step.first);
  const auto second = hn::Set(d, 1 / step.second);
  const auto epsilon = hn::Set(d, step.epsilon);
  const auto kept = hn::Set(d, 1 - step.rate * step.decay);
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto g = hn::LoadU(d, gradient + i);
    const auto m = hn::MulAdd(beta1, hn::LoadU(d, moments + i), hn::Mul(rest1, g));
    const auto v = hn::MulAdd(beta2, hn::LoadU(d, squares + i), hn::Mul(rest2, hn::Mul(g, g)));
    const auto size = hn::Add(hn::Sqrt(hn::Mul(v, second)), epsilon);
    const auto w = hn::Mul(kept, hn::LoadU(d, weights + i));
    hn::StoreU(hn::Sub(w, hn::Div(hn::Mul(rate, m), size)), d, weights + i);
    hn::StoreU(m, d, moments + i);
    hn::StoreU(v, d, squares + i);
  }
}

void StepHere(const AdamStep& step, const float* gradient, float* weights, float* moments,
              float* squares, size_t count) {
  const size_t whole = count / 16 * 16;
  step_whole(step, gradient, weights, moments, squares, whole);
  if (whole == count) return;
  float tail[4][16] = {};
  const size_t left = count - whole;
  std::copy_n(gradient + whole, left, tail[0]);
  std::copy_n(weights + whole, left, tail[1]);
  std::copy_n(moments + whole, left, tail[2]);
  std::copy_n(squares + whole, left, tail[3]);
  step_whole(step, tail[0], tail[1], tail[2], tail[3], 16);
  std::copy_n(tail[1], left, weights + whole);
  std::copy_n(tail[2], left, moments + whole);
  std::copy_n(tail[3], left, squares + whole);
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(StepHere);

void adam_step(const AdamStep& step, std::span<const float> gradient, std::span<float> weights,
               std::span<float> moments, std::span<float> squares) {
  const size_t count = weights.size();
  QUERIST_CHECK(gradient.size() == count && moments.size() == count && squares.size() == count);
  HWY_DYNAMIC_DISPATCH(StepHere)
  (step, gradient.data(), weights.data(), moments.data(), squares.data(), count);
}

}  // namespace querist::kernels
#endif
