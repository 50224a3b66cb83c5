// Highway source of the expected losses: rows lie in the lanes, and for each possible class only
// what that class changes is computed.
#include "kernels/expected_loss.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/expected_loss.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

// Sums what `one(lane offset, count)` gives for each vector of rows; the last may be short.
template <class One>
static HWY_INLINE double sum_rows(size_t rows, One one) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  size_t u = 0;
  for (; u + lanes <= rows; u += lanes) sum = hn::Add(sum, one(u, lanes));
  if (u < rows) {
    const auto last = one(u, rows - u);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, rows - u), last));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

static HWY_INLINE V load(const double* from, size_t count) {
  const D d;
  if (count == hn::Lanes(d)) return hn::LoadU(d, from);
  HWY_ALIGN double few[hn::MaxLanes(D())] = {};
  for (size_t i = 0; i < count; ++i) few[i] = from[i];
  return hn::Load(d, few);
}

static HWY_INLINE V exponential(V power) {
  const D d;
  return hn::Exp(d, hn::Max(power, hn::Set(d, -800.0)));  // e to that is 0 already.
}

// t ln t, 0 at 0.
static HWY_INLINE V t_log_t(V t) {
  const D d;
  return hn::Mul(t, hn::Log(d, hn::Max(t, hn::Set(d, 1e-300))));
}

static HWY_INLINE V uniform_loss(size_t classes, Loss loss) {
  const D d;
  const auto n = hn::Set(d, static_cast<double>(classes));
  return loss == Loss::log ? hn::Log(d, n) : hn::Sub(hn::Set(d, 1.0), hn::Div(hn::Set(d, 1.0), n));
}

static constexpr double least = 2.2250738585072014e-308;

static HWY_INLINE double vote_loss(const double* votes, size_t stride, size_t rows,
                                   const double* added, const double* chances, size_t classes,
                                   Loss loss) {
  const D d;
  const auto one = hn::Set(d, 1.0);
  const auto uniform = uniform_loss(classes, loss);
  return sum_rows(rows, [&](size_t u, size_t count) HWY_ATTR {
    const auto k = load(added + u, count);
    auto sum = k;
    auto top = hn::Zero(d);
    for (size_t c = 0; c < classes; ++c) {
      const auto v = load(votes + c * stride + u, count);
      sum = hn::Add(sum, v);
      top = hn::Max(top, v);
    }
    const auto none = hn::Lt(sum, hn::Set(d, least));
    const auto safe = hn::IfThenElse(none, one, sum);
    auto total = hn::Zero(d);
    if (loss == Loss::misclassification) {
      for (size_t c = 0; c < classes; ++c) {
        const auto v = load(votes + c * stride + u, count);
        total = hn::MulAdd(hn::Set(d, chances[c]), hn::Max(top, hn::Add(v, k)), total);
      }
      total = hn::Sub(one, hn::Div(total, safe));
    } else {
      for (size_t c = 0; c < classes; ++c) {
        const auto v = load(votes + c * stride + u, count);
        const auto chance = hn::Set(d, chances[c]);
        const auto with = t_log_t(hn::Div(hn::Add(v, k), safe));
        const auto without = t_log_t(hn::Div(v, safe));
        total = hn::NegMulAdd(chance, with, hn::NegMulAdd(hn::Sub(one, chance), without, total));
      }
    }
    return hn::IfThenElse(none, uniform, total);
  });
}

// Two classes, the most frequent number, are worth their own copy of the loop.
double VoteLoss(const double* votes, size_t stride, size_t rows, const double* added,
                const double* chances, size_t classes, Loss loss) {
  if (classes == 2 && loss == Loss::misclassification)
    return vote_loss(votes, stride, rows, added, chances, 2, Loss::misclassification);
  return vote_loss(votes, stride, rows, added, chances, classes, loss);
}

double ScoreLoss(const double* scores, size_t stride, size_t rows, const double* added,
                 const double* predicted, const double* chances, size_t classes, Loss loss) {
  const D d;
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0);
  const auto uniform = uniform_loss(classes, loss);
  return sum_rows(rows, [&](size_t u, size_t count) HWY_ATTR {
    const auto w = load(added + u, count);
    const auto shifted = [&](size_t c) HWY_ATTR {
      return hn::NegMulAdd(w, hn::Set(d, predicted[c]), load(scores + c * stride + u, count));
    };
    // The largest and the second; the sum (and that of t ln t) of all but the largest, apart, since
    // taking a class away from a sum that it dominates would leave rounding alone.
    auto top = zero;
    auto second = zero;
    auto rest = zero;
    auto rest_log = zero;
    for (size_t c = 0; c < classes; ++c) {
      const auto v = hn::Max(zero, shifted(c));
      const auto smaller = hn::Min(v, top);
      rest = hn::Add(rest, smaller);
      if (loss == Loss::log) rest_log = hn::Add(rest_log, t_log_t(smaller));
      second = hn::Max(second, smaller);
      top = hn::Max(top, v);
    }
    const auto top_log = loss == Loss::log ? t_log_t(top) : zero;
    auto total = zero;
    for (size_t c = 0; c < classes; ++c) {
      const auto b = shifted(c);
      const auto before = hn::Max(zero, b);
      const auto after = hn::Max(zero, hn::Add(b, w));
      const auto is_top = hn::Eq(before, top);
      const auto others = hn::IfThenElse(is_top, rest, hn::Add(rest, hn::Sub(top, before)));
      const auto sum = hn::Add(others, after);
      const auto none = hn::Lt(sum, hn::Set(d, least));
      const auto safe = hn::IfThenElse(none, one, sum);
      V value;
      if (loss == Loss::misclassification) {
        value = hn::Sub(one, hn::Div(hn::Max(hn::IfThenElse(is_top, second, top), after), safe));
      } else {
        const auto logs = hn::Add(
            hn::IfThenElse(is_top, rest_log, hn::Add(rest_log, hn::Sub(top_log, t_log_t(before)))),
            t_log_t(after));
        value = hn::Sub(hn::Log(d, safe), hn::Div(logs, safe));
      }
      total = hn::MulAdd(hn::Set(d, chances[c]), hn::IfThenElse(none, uniform, value), total);
    }
    return total;
  });
}

double TwoClassLoss(const double* scores, size_t rows, const double* added, double factor,
                    double predicted, double chance) {
  const D d;
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0);
  const auto up = hn::Set(d, factor * (1 - predicted));
  const auto down = hn::Set(d, -factor * predicted);
  const auto smaller = [&](V score)
                           HWY_ATTR { return hn::Max(zero, hn::Min(score, hn::Sub(one, score))); };
  return sum_rows(rows, [&](size_t u, size_t count) HWY_ATTR {
    const auto w = load(added + u, count);
    const auto s = load(scores + u, count);
    const auto first = smaller(hn::MulAdd(w, up, s));
    const auto second = smaller(hn::MulAdd(w, down, s));
    return hn::MulAdd(hn::Set(d, chance), first, hn::Mul(hn::Set(d, 1 - chance), second));
  });
}

double LogitLoss(const double* logits, const double* replaced, size_t stride, size_t rows,
                 const double* chances, size_t classes, Loss loss) {
  const D d;
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0);
  return sum_rows(rows, [&](size_t u, size_t count) HWY_ATTR {
    auto top = hn::Set(d, no_class);
    auto second = top;
    for (size_t c = 0; c < classes; ++c) {
      const auto l = load(logits + c * stride + u, count);
      second = hn::Max(second, hn::Min(l, top));
      top = hn::Max(top, l);
    }
    // Sums of e^gap and e^gap · gap: of all classes from the largest logit down, and of all but the
    // largest from the second down.
    auto sum = zero;
    auto slope = zero;
    auto sum_rest = hn::Set(d, -1.0);
    auto slope_rest = zero;
    for (size_t c = 0; c < classes; ++c) {
      const auto l = load(logits + c * stride + u, count);
      const auto gap = hn::Sub(l, top);
      const auto e = exponential(gap);
      sum = hn::Add(sum, e);
      slope = hn::MulAdd(e, gap, slope);
      const auto gap_rest = hn::Sub(hn::Min(l, second), second);
      const auto e_rest = exponential(gap_rest);
      sum_rest = hn::Add(sum_rest, e_rest);
      slope_rest = hn::MulAdd(e_rest, gap_rest, slope_rest);
    }
    auto total = zero;
    for (size_t c = 0; c < classes; ++c) {
      const auto l = load(logits + c * stride + u, count);
      const auto is_top = hn::Eq(l, top);
      const auto gap = hn::Sub(l, top);
      const auto e = exponential(gap);
      const auto base = hn::IfThenElse(is_top, second, top);
      const auto others = hn::IfThenElse(is_top, sum_rest, hn::Sub(sum, e));
      const auto after = load(replaced + c * stride + u, count);
      const auto most = hn::Max(base, after);
      const auto down = hn::Sub(base, most);
      const auto a = exponential(down);
      const auto own = exponential(hn::Sub(after, most));
      const auto z = hn::MulAdd(others, a, own);
      V value;
      if (loss == Loss::misclassification) {
        value = hn::Sub(one, hn::Div(one, z));
      } else {
        const auto others_slope = hn::IfThenElse(is_top, slope_rest, hn::NegMulAdd(e, gap, slope));
        const auto sloped = hn::MulAdd(a, hn::MulAdd(others, down, others_slope),
                                       hn::Mul(own, hn::Sub(after, most)));
        value = hn::Sub(hn::Log(d, z), hn::Div(sloped, z));
      }
      total = hn::MulAdd(hn::Set(d, chances[c]), value, total);
    }
    return total;
  });
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(VoteLoss);
HWY_EXPORT(ScoreLoss);
HWY_EXPORT(TwoClassLoss);
HWY_EXPORT(LogitLoss);

double expected_vote_loss(const double* votes, size_t stride, size_t rows, const double* added,
                          const double* chances, size_t classes, Loss loss) {
  return HWY_DYNAMIC_DISPATCH(VoteLoss)(votes, stride, rows, added, chances, classes, loss);
}

double expected_score_loss(const double* scores, size_t stride, size_t rows, const double* added,
                           const double* predicted, const double* chances, size_t classes,
                           Loss loss) {
  return HWY_DYNAMIC_DISPATCH(ScoreLoss)(scores, stride, rows, added, predicted, chances, classes,
                                         loss);
}

double expected_two_class_loss(const double* scores, size_t rows, const double* added,
                               double factor, double predicted, double chance) {
  return HWY_DYNAMIC_DISPATCH(TwoClassLoss)(scores, rows, added, factor, predicted, chance);
}

double expected_logit_loss(const double* logits, const double* replaced, size_t stride, size_t rows,
                           const double* chances, size_t classes, Loss loss) {
  return HWY_DYNAMIC_DISPATCH(LogitLoss)(logits, replaced, stride, rows, chances, classes, loss);
}

}  // namespace querist::kernels
#endif
