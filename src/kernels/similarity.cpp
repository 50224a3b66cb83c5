// Highway source of what is done with a block of products.
#include "kernels/similarity.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "kernels/pair_blocks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/similarity.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vec = hn::Vec<Tag>;

// |a|^2 + |b|^2 - 2 <a, b>, at least 0; 0 between equal rows.
static HWY_INLINE Vec squared_distance(Tag d, Vec dot, Vec a, Vec b) {
  return hn::Max(hn::Zero(d), hn::MulAdd(hn::Set(d, -2.0f), dot, hn::Add(a, b)));
}

template <class Map>
static HWY_INLINE void map_block(const PairBlock& block, float* values, const Map& map) {
  const Tag d;
  for (size_t i = 0; i < block.n; ++i) {
    const auto own = hn::Set(d, block.norms[i]);
    for (size_t j = 0; j < block.width; j += hn::Lanes(d)) {
      float* at = values + i * block.width + j;
      hn::StoreU(map(d, hn::LoadU(d, at), own, hn::LoadU(d, block.panel_norms + j)), d, at);
    }
  }
}

void Gaussian(float gamma, const PairBlock& block, float* values) {
  map_block(block, values, [gamma](Tag d, Vec dot, Vec a, Vec b) HWY_ATTR {
    const auto power = hn::Mul(hn::Set(d, -gamma), squared_distance(d, dot, a, b));
    return hn::Exp(d, hn::Max(hn::Set(d, -87.0f), power));  // Below exp(-87) nothing is covered.
  });
}

void Cosine(const PairBlock& block, float* values) {
  map_block(block, values, [](Tag d, Vec dot, Vec a, Vec b) HWY_ATTR {
    const auto half = hn::Set(d, 0.5f);
    const auto cosine = hn::Mul(dot, hn::Mul(a, b));
    const auto similarity = hn::MulAdd(half, cosine, half);
    return hn::Min(hn::Set(d, 1.0f), hn::Max(hn::Zero(d), similarity));
  });
}

void NegativeDistance(float offset, const PairBlock& block, float* values) {
  map_block(block, values, [offset](Tag d, Vec dot, Vec a, Vec b) HWY_ATTR {
    const auto distance = hn::Sqrt(squared_distance(d, dot, a, b));
    return hn::Max(hn::Zero(d), hn::Sub(hn::Set(d, offset), distance));
  });
}

void InverseDistance(const PairBlock& block, float* values) {
  map_block(block, values, [](Tag d, Vec dot, Vec a, Vec b) HWY_ATTR {
    const auto one = hn::Set(d, 1.0f);
    return hn::Div(one, hn::Add(one, hn::Sqrt(squared_distance(d, dot, a, b))));
  });
}

static bool within(double delta, const PairBlock& block, size_t i, size_t j) {
  double sum = 0;
  for (size_t k = 0; k < block.cols; ++k) {
    const double gap = double{block.rows[i][k]} - double{block.panel[k * block.width + j]};
    sum += gap * gap;
  }
  return sum <= delta * delta;
}

// The chain of `cols` multiply-adds errs by less than cols * 2^-24 of the two squared lengths.
void Ball(float delta, const PairBlock& block, float* values) {
  const Tag d;
  const auto limit = hn::Set(d, delta * delta);
  const auto error = hn::Set(d, (static_cast<float>(block.cols) + 8) * 0x1p-24f);
  const auto one = hn::Set(d, 1.0f);
  for (size_t i = 0; i < block.n; ++i) {
    const auto own = hn::Set(d, block.norms[i]);
    for (size_t j = 0; j < block.width; j += hn::Lanes(d)) {
      float* at = values + i * block.width + j;
      const auto norms = hn::LoadU(d, block.panel_norms + j);
      const auto squared = squared_distance(d, hn::LoadU(d, at), own, norms);
      const auto gap = hn::Abs(hn::Sub(squared, limit));
      const auto doubt = hn::Le(gap, hn::Mul(error, hn::Add(limit, hn::Add(own, norms))));
      hn::StoreU(hn::IfThenElseZero(hn::Le(squared, limit), one), d, at);
      if (hn::AllFalse(d, doubt)) continue;
      for (size_t lane = 0; lane < hn::Lanes(d); ++lane) {
        at[lane] = within(double{delta}, block, i, j + lane) ? 1 : 0;
      }
    }
  }
}

// Sums of six rows are added in float, then in double.
template <class Term>
static HWY_INLINE void sum_down(size_t n, size_t width, double* sums, const Term& term) {
  const Tag d;
  const hn::Repartition<double, Tag> wide;
  const hn::Rebind<float, decltype(wide)> half;
  constexpr size_t together = 6;
  HWY_ALIGN float lanes[hn::MaxLanes(Tag())];
  for (size_t j = 0; j < width; j += hn::Lanes(d)) {
    for (size_t i = 0; i < n; i += together) {
      auto sum = hn::Zero(d);
      for (size_t r = i; r < std::min(n, i + together); ++r) sum = hn::Add(sum, term(d, r, j));
      hn::Store(sum, d, lanes);
      for (size_t lane = 0; lane < hn::Lanes(d); lane += hn::Lanes(wide)) {
        double* at = sums + j + lane;
        hn::StoreU(hn::Add(hn::LoadU(wide, at), hn::PromoteTo(wide, hn::LoadU(half, lanes + lane))),
                   wide, at);
      }
    }
  }
}

void AddGrowth(const float* values, size_t n, size_t width, const float* weights, const float* best,
               double* sums) {
  sum_down(n, width, sums, [=](Tag d, size_t i, size_t j) HWY_ATTR {
    const auto value = hn::LoadU(d, values + i * width + j);
    return hn::Mul(hn::Set(d, weights[i]),
                   hn::Max(hn::Zero(d), hn::Sub(value, hn::Set(d, best[i]))));
  });
}

void AddShrinkage(const float* values, size_t n, size_t width, const float* weights,
                  const float* before, const float* after, double* sums) {
  sum_down(n, width, sums, [=](Tag d, size_t i, size_t j) HWY_ATTR {
    const auto value = hn::LoadU(d, values + i * width + j);
    const auto old = hn::Set(d, before[i]);
    return hn::Mul(hn::Set(d, weights[i]),
                   hn::Sub(hn::Min(hn::Max(value, old), hn::Set(d, after[i])), old));
  });
}

void AddGrowthAcross(const float* values, size_t n, size_t width, const float* weights,
                     const float* best, double* sums) {
  const Tag d;
  for (size_t i = 0; i < n; ++i) {
    auto sum = hn::Zero(d);
    for (size_t j = 0; j < width; j += hn::Lanes(d)) {
      const auto growth = hn::Max(
          hn::Zero(d), hn::Sub(hn::LoadU(d, values + i * width + j), hn::LoadU(d, best + j)));
      sum = hn::MulAdd(hn::LoadU(d, weights + j), growth, sum);
    }
    sums[i] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
}

void RaiseBest(const float* values, size_t n, size_t width, float* best) {
  const Tag d;
  for (size_t i = 0; i < n; ++i) {
    auto most = hn::Set(d, best[i]);
    for (size_t j = 0; j < width; j += hn::Lanes(d)) {
      most = hn::Max(most, hn::LoadU(d, values + i * width + j));
    }
    best[i] = hn::GetLane(hn::MaxOfLanes(d, most));
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(Gaussian);
HWY_EXPORT(Ball);
HWY_EXPORT(Cosine);
HWY_EXPORT(NegativeDistance);
HWY_EXPORT(InverseDistance);
HWY_EXPORT(AddGrowth);
HWY_EXPORT(AddShrinkage);
HWY_EXPORT(AddGrowthAcross);
HWY_EXPORT(RaiseBest);

std::vector<float> kernel_norms(Kernel kernel, const Features& x, std::span<const int64_t> rows) {
  auto norms = chain_norms(x, rows);
  if (kernel.similarity != Similarity::cosine) return norms;
  for (float& norm : norms) norm = norm > 0 ? 1 / std::sqrt(norm) : 0;
  return norms;
}

void similarities(Kernel kernel, const PairBlock& block, float* values) {
  switch (kernel.similarity) {
    case Similarity::gaussian:
      return HWY_DYNAMIC_DISPATCH(Gaussian)(kernel.value, block, values);
    case Similarity::ball:
      return HWY_DYNAMIC_DISPATCH(Ball)(kernel.value, block, values);
    case Similarity::cosine:
      return HWY_DYNAMIC_DISPATCH(Cosine)(block, values);
    case Similarity::negative_distance:
      return HWY_DYNAMIC_DISPATCH(NegativeDistance)(kernel.value, block, values);
    case Similarity::inverse_distance:
      return HWY_DYNAMIC_DISPATCH(InverseDistance)(block, values);
  }
}

void add_growth(const float* values, size_t n, size_t width, const float* weights,
                const float* best, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddGrowth)(values, n, width, weights, best, sums);
}

void add_shrinkage(const float* values, size_t n, size_t width, const float* weights,
                   const float* before, const float* after, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddShrinkage)(values, n, width, weights, before, after, sums);
}

void add_growth_across(const float* values, size_t n, size_t width, const float* weights,
                       const float* best, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddGrowthAcross)(values, n, width, weights, best, sums);
}

void raise_best(const float* values, size_t n, size_t width, float* best) {
  HWY_DYNAMIC_DISPATCH(RaiseBest)(values, n, width, best);
}

}  // namespace querist::kernels
#endif
