// Highway source of the solver: one pass chooses the second coefficient of a step, one brings the
// residuals up to date and finds the first of the next.
#include "kernels/svc_dual.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/interrupt.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/svc_dual.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef QUERIST_KERNELS_SVC_DUAL_TYPES
#define QUERIST_KERNELS_SVC_DUAL_TYPES
namespace querist::kernels {

// The rows between which the optimality conditions are violated most.
struct Violation {
  size_t first = SIZE_MAX;  // Of the rows that may rise, the one of largest residual.
  double most = -std::numeric_limits<double>::infinity();  // Its residual.
  double least = std::numeric_limits<double>::infinity();  // The least of rows that may fall.
};

}  // namespace querist::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::ScalableTag<double>;
using Halves = hn::Rebind<float, Doubles>;

// The rows end where they end: the last vector is filled up with zeros, and written as far as it
// goes.
template <class D>
static HWY_INLINE hn::Vec<D> LoadSome(D d, const hn::TFromD<D>* from, size_t left) {
  if (HWY_LIKELY(left >= hn::Lanes(d))) return hn::LoadU(d, from);
  HWY_ALIGN hn::TFromD<D> filled[hn::MaxLanes(D())] = {};
  std::copy_n(from, left, filled);
  return hn::Load(d, filled);
}

template <class D>
static HWY_INLINE void StoreSome(hn::Vec<D> values, D d, hn::TFromD<D>* to, size_t left) {
  if (HWY_LIKELY(left >= hn::Lanes(d))) return hn::StoreU(values, d, to);
  HWY_ALIGN hn::TFromD<D> filled[hn::MaxLanes(D())];
  hn::Store(values, d, filled);
  std::copy_n(filled, left, to);
}

// The largest of the lanes, the lowest index among equals.
static size_t best_lane(const hn::Vec<Doubles> values, const hn::Vec<Doubles> places,
                        double* best) {
  const Doubles d;
  HWY_ALIGN double value[hn::MaxLanes(Doubles())];
  HWY_ALIGN double place[hn::MaxLanes(Doubles())];
  hn::Store(values, d, value);
  hn::Store(places, d, place);
  size_t at = 0;
  for (size_t k = 1; k < hn::Lanes(d); ++k) {
    if (value[k] > value[at] || (value[k] == value[at] && place[k] < place[at])) at = k;
  }
  *best = value[at];
  return static_cast<size_t>(place[at]);
}

// residual -= change · (row_i - row_j), and where the conditions are violated then. Without rows
// nothing changes. Lanes past the end hold an empty box and so are never chosen.
Violation SvcUpdate(const float* row_i, const float* row_j, double change, SvcDual& dual) {
  const Doubles d;
  const Halves h;
  const size_t n = dual.beta.size();
  const size_t lanes = hn::Lanes(d);
  const auto none = hn::Set(d, -std::numeric_limits<double>::infinity());
  const auto step = hn::Set(d, -change);
  auto most = none;
  auto most_at = hn::Set(d, static_cast<double>(n));
  auto least = hn::Neg(none);
  auto places = hn::Iota(d, 0);
  for (size_t t = 0; t < n; t += lanes) {
    const size_t left = n - t;
    auto residual = LoadSome(d, dual.residual.data() + t, left);
    if (row_i) {
      const auto a = hn::PromoteTo(d, LoadSome(h, row_i + t, left));
      const auto b = hn::PromoteTo(d, LoadSome(h, row_j + t, left));
      residual = hn::MulAdd(step, hn::Sub(a, b), residual);
      StoreSome(residual, d, dual.residual.data() + t, left);
    }
    const auto beta = LoadSome(d, dual.beta.data() + t, left);
    const auto rises = hn::Lt(beta, LoadSome(d, dual.high.data() + t, left));
    const auto falls = hn::Lt(LoadSome(d, dual.low.data() + t, left), beta);
    const auto larger = hn::And(rises, hn::Gt(residual, most));
    most = hn::IfThenElse(larger, residual, most);
    most_at = hn::IfThenElse(larger, places, most_at);
    least = hn::Min(least, hn::IfThenElse(falls, residual, hn::Neg(none)));
    places = hn::Add(places, hn::Set(d, static_cast<double>(lanes)));
  }
  Violation out;
  out.first = best_lane(most, most_at, &out.most);
  out.least = hn::GetLane(hn::MinOfLanes(d, least));
  return out;
}

// Of the rows that may fall, the one that together with row i promises the largest gain of the
// objective; SIZE_MAX where none promises any.
size_t SvcPartner(const float* row_i, double most, const SvcDual& dual) {
  const Doubles d;
  const Halves h;
  const size_t n = dual.beta.size();
  const size_t lanes = hn::Lanes(d);
  const auto top = hn::Set(d, most);
  const auto two = hn::Set(d, 2.0);
  const auto flattest = hn::Set(d, 1e-12);
  auto best = hn::Zero(d);
  auto best_at = hn::Set(d, static_cast<double>(n));
  auto places = hn::Iota(d, 0);
  for (size_t t = 0; t < n; t += lanes) {
    const size_t left = n - t;
    const auto kernel = hn::PromoteTo(d, LoadSome(h, row_i + t, left));
    const auto curvature = hn::Max(flattest, hn::NegMulAdd(two, kernel, two));
    const auto gap = hn::Sub(top, LoadSome(d, dual.residual.data() + t, left));
    const auto gain = hn::Div(hn::Mul(gap, gap), curvature);
    const auto falls =
        hn::Lt(LoadSome(d, dual.low.data() + t, left), LoadSome(d, dual.beta.data() + t, left));
    const auto good = hn::And(falls, hn::Gt(gap, hn::Zero(d)));
    const auto larger = hn::And(good, hn::Gt(gain, best));
    best = hn::IfThenElse(larger, gain, best);
    best_at = hn::IfThenElse(larger, places, best_at);
    places = hn::Add(places, hn::Set(d, static_cast<double>(lanes)));
  }
  double gain = 0;
  const size_t at = best_lane(best, best_at, &gain);
  return gain > 0 ? at : SIZE_MAX;
}

void AddScaled(const float* row, size_t count, double scale, double* out) {
  const Doubles d;
  const Halves h;
  const size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, scale);
  for (size_t t = 0; t < count; t += lanes) {
    const size_t left = count - t;
    const auto values = hn::PromoteTo(d, LoadSome(h, row + t, left));
    StoreSome(hn::MulAdd(factor, values, LoadSome(d, out + t, left)), d, out + t, left);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(SvcUpdate);
HWY_EXPORT(SvcPartner);
HWY_EXPORT(AddScaled);

void add_scaled(const float* row, size_t count, double scale, double* out) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(row, count, scale, out);
}

// The mean residual of the rows strictly within their box, where the conditions hold with equality;
// the middle of what the others allow where there is none.
static double bias_of(const SvcDual& dual, const Violation& at) {
  double sum = 0;
  size_t free = 0;
  for (size_t t = 0; t < dual.beta.size(); ++t) {
    if (!(dual.low[t] < dual.beta[t] && dual.beta[t] < dual.high[t])) continue;
    sum += dual.residual[t];
    ++free;
  }
  if (free > 0) return sum / static_cast<double>(free);
  const bool rises = std::isfinite(at.most);
  const bool falls = std::isfinite(at.least);
  if (rises && falls) return (at.most + at.least) / 2;
  return rises ? at.most : falls ? at.least : 0;
}

// Moves two coefficients against each other as far as helps and the boxes allow; returns how far.
static double move_pair(const float* row_i, size_t i, size_t j, SvcDual& dual) {
  const double curvature = std::max(1e-12, 2 - 2 * static_cast<double>(row_i[j]));
  const double room_i = dual.high[i] - dual.beta[i];
  const double room_j = dual.beta[j] - dual.low[j];
  const double wanted = (dual.residual[i] - dual.residual[j]) / curvature;
  const double change = std::min({wanted, room_i, room_j});
  // A bound that is reached is reached exactly, whatever rounding says.
  dual.beta[i] = change == room_i ? dual.high[i] : dual.beta[i] + change;
  dual.beta[j] = change == room_j ? dual.low[j] : dual.beta[j] - change;
  return change;
}

SvcEnd solve_svc(const KernelRow& kernel_row, double tolerance, size_t max_steps, SvcDual& dual) {
  const size_t n = dual.beta.size();
  QUERIST_CHECK(dual.low.size() == n && dual.high.size() == n && dual.residual.size() == n);
  SvcEnd end;
  if (n == 0) return end;
  Violation at = HWY_DYNAMIC_DISPATCH(SvcUpdate)(nullptr, nullptr, 0, dual);
  while (at.most - at.least > tolerance && end.steps < max_steps) {
    const float* row_i = kernel_row(at.first);
    const size_t partner = HWY_DYNAMIC_DISPATCH(SvcPartner)(row_i, at.most, dual);
    if (partner == SIZE_MAX) break;
    const float* row_j = kernel_row(partner);
    const double change = move_pair(row_i, at.first, partner, dual);
    at = HWY_DYNAMIC_DISPATCH(SvcUpdate)(row_i, row_j, change, dual);
    if (++end.steps % 256 == 0) check_interrupt();
  }
  end.bias = bias_of(dual, at);
  end.violation = std::max(0.0, at.most - at.least);
  return end;
}

double svc_objective(const SvcDual& dual) {
  double sum = 0;
  for (size_t t = 0; t < dual.beta.size(); ++t) {
    const double target = dual.high[t] > 0 ? 1 : dual.low[t] < 0 ? -1 : 0;
    sum += dual.beta[t] * (target + dual.residual[t]) / 2;
  }
  return sum;
}

void set_beta(const KernelRow& kernel_row, size_t i, double value, SvcDual& dual) {
  const double change = value - dual.beta[i];
  if (change == 0) return;
  add_scaled(kernel_row(i), dual.residual.size(), -change, dual.residual.data());
  dual.beta[i] = value;
}

void balance_betas(const KernelRow& kernel_row, SvcDual& dual) {
  double surplus = 0;
  for (const double beta : dual.beta) surplus += beta;
  for (size_t t = 0; t < dual.beta.size() && surplus != 0; ++t) {
    const double beta = dual.beta[t];
    if (beta == 0 || (beta > 0) != (surplus > 0)) continue;
    const double cut = std::abs(beta) < std::abs(surplus) ? beta : surplus;
    set_beta(kernel_row, t, beta - cut, dual);
    surplus -= cut;
  }
}

}  // namespace querist::kernels
#endif
