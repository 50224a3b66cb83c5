// Highway source: similarities become bytes while they are in the first cache, for both orders of a
// pair.
#include "kernels/coverage_codes.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coverage_codes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vec = hn::Vec<Tag>;

// exp(-x) for x at least 0, relative error below 3e-7; what lies below exp(-87) is that. The
// polynomial errs least of its degree.
static HWY_INLINE Vec exp_of_minus(Tag d, Vec x) {
  const hn::RebindToSigned<Tag> di;
  const auto power = hn::Mul(hn::Min(x, hn::Set(d, 87.0f)), hn::Set(d, -1.44269504f));
  const auto whole = hn::NearestInt(power);
  const auto f = hn::Sub(power, hn::ConvertTo(d, whole));
  auto sum = hn::Set(d, 1.327647129e-03f);
  sum = hn::MulAdd(sum, f, hn::Set(d, 9.675540961e-03f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 5.550713092e-02f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 2.402212024e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 6.931469440e-01f));
  sum = hn::MulAdd(sum, f, hn::Set(d, 1.000000119f));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, sum), hn::ShiftLeft<23>(whole)));
}

// The most that similarities of a vector of columns with a row can be.
template <Similarity similarity>
class Bound {
 public:
  HWY_INLINE Bound(const NarrowBlock& block, NarrowSide rows, NarrowSide columns, float value,
                   size_t j)
      : block_(block), rows_(rows), value_(value), j_(j) {
    const Tag d;
    units_ = hn::LoadU(d, columns.units + block.column + j);
    least_ = hn::LoadU(d, columns.least + block.column + j);
  }
  HWY_INLINE Vec operator()(size_t i) const {
    const Tag d;
    const hn::RebindToSigned<Tag> di;
    const size_t row = block_.row + i;
    const auto product = hn::ConvertTo(d, hn::LoadU(di, block_.products + i * block_.width + j_));
    const auto own = hn::Add(hn::Set(d, rows_.least[row]), least_);
    const auto twice = hn::Mul(hn::Set(d, 2 * rows_.units[row]), units_);
    const auto squared = hn::Max(hn::Zero(d), hn::NegMulAdd(product, twice, own));
    const auto value = hn::Set(d, value_);
    if constexpr (similarity == Similarity::gaussian)
      return exp_of_minus(d, hn::Mul(value, squared));
    if constexpr (similarity == Similarity::cosine)
      return hn::NegMulAdd(hn::Set(d, 0.25f), squared, hn::Set(d, 1.0f));
    if constexpr (similarity == Similarity::negative_distance)
      return hn::Max(hn::Zero(d), hn::Sub(value, hn::Sqrt(squared)));
    const auto one = hn::Set(d, 1.0f);
    return hn::Div(one, hn::Add(one, hn::Sqrt(squared)));
  }

 private:
  const NarrowBlock& block_;
  NarrowSide rows_;
  float value_;
  size_t j_;
  Vec units_, least_;
};

template <class Body>
static HWY_INLINE void with_bound(Similarity similarity, const Body& body) {
  switch (similarity) {
    case Similarity::gaussian:
      return body.template operator()<Similarity::gaussian>();
    case Similarity::cosine:
      return body.template operator()<Similarity::cosine>();
    case Similarity::negative_distance:
      return body.template operator()<Similarity::negative_distance>();
    default:
      return body.template operator()<Similarity::inverse_distance>();
  }
}

// The bounds themselves, (n, width).
void Bounds(Kernel kernel, const NarrowBlock& block, NarrowSide rows, NarrowSide columns,
            float* out) {
  const Tag d;
  with_bound(kernel.similarity, [&]<Similarity similarity>() HWY_ATTR {
    for (size_t j = 0; j < block.width; j += hn::Lanes(d)) {
      const Bound<similarity> bound(block, rows, columns, kernel.value, j);
      for (size_t i = 0; i < block.n; ++i) hn::StoreU(bound(i), d, out + i * block.width + j);
    }
  });
}

template <Similarity similarity, bool covered>
static HWY_INLINE bool codes_of(Kernel kernel, const NarrowBlock& block, const CodeSides& sides,
                                float slope, float offset, uint8_t* HWY_RESTRICT across,
                                size_t stride, uint32_t* HWY_RESTRICT down) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const hn::Rebind<uint8_t, Tag> bytes;
  const hn::RebindToUnsigned<Tag> du;
  const size_t lanes = hn::Lanes(d);
  const auto full = hn::Set(d, 255.0f);
  auto highest = hn::Zero(d);
  HWY_ALIGN float row_sums[narrow_block_rows * hn::MaxLanes(Tag())] = {};
  HWY_ALIGN float column_sums[hn::MaxLanes(Tag())];
  for (size_t j = 0; j < block.width; j += lanes) {
    const Bound<similarity> bound(block, sides.rows, sides.columns, kernel.value, j);
    [[maybe_unused]] const auto column_best = hn::LoadU(d, sides.column_best + block.column + j);
    auto total = hn::Zero(d);
    for (size_t first = 0; first < block.n; first += 4) {
      auto four = hn::Zero(di);
      auto sum = hn::Zero(d);
      for (size_t i = std::min(block.n, first + 4); i-- > first;) {
        const auto value = bound(i);
        const auto place = hn::MulAdd(value, hn::Set(d, slope), hn::Set(d, offset));
        highest = hn::Max(highest, place);
        const auto code = hn::ConvertTo(di, hn::Min(full, hn::Max(hn::Zero(d), place)));
        hn::StoreU(hn::DemoteTo(bytes, code), bytes, across + i * stride + j);
        four = hn::Or(hn::ShiftLeft<8>(four), code);
        auto down_growth = value;
        auto across_growth = value;
        if constexpr (covered) {
          const auto row_best = hn::Set(d, sides.row_best[block.row + i]);
          down_growth = hn::Max(hn::Zero(d), hn::Sub(value, row_best));
          across_growth = hn::Max(hn::Zero(d), hn::Sub(value, column_best));
        }
        sum = hn::Add(sum, down_growth);
        float* row_sum = row_sums + i * lanes;
        hn::Store(hn::Add(hn::Load(d, row_sum), across_growth), d, row_sum);
      }
      total = hn::Add(total, sum);
      hn::StoreU(hn::BitCast(du, four), du, down + first / 4 * block.width + j);
    }
    hn::Store(total, d, column_sums);
    for (size_t l = 0; l < lanes; ++l)
      sides.column_sums[block.column + j + l] += static_cast<double>(column_sums[l]);
  }
  for (size_t i = 0; block.mirrored && i < block.n; ++i) {
    const auto sum = hn::SumOfLanes(d, hn::Load(d, row_sums + i * lanes));
    sides.row_sums[block.row + i] += static_cast<double>(hn::GetLane(sum));
  }
  return hn::GetLane(hn::MaxOfLanes(d, highest)) >= 256;
}

bool Codes(Kernel kernel, const NarrowBlock& block, const CodeSides& sides, float slope,
           float offset, uint8_t* across, size_t stride, uint32_t* down) {
  bool above = false;
  with_bound(kernel.similarity, [&]<Similarity similarity>() HWY_ATTR {
    above = sides.covered ? codes_of<similarity, true>(kernel, block, sides, slope, offset, across,
                                                       stride, down)
                          : codes_of<similarity, false>(kernel, block, sides, slope, offset, across,
                                                        stride, down);
  });
  return above;
}

#if HWY_TARGET == HWY_SCALAR

void AddLevels(const uint8_t* const* rows, const uint16_t* before, const uint16_t* growth, size_t n,
               size_t columns, uint32_t* sums) {
  for (size_t r = 0; r < n; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const int level = std::max(0, (rows[r][c] << 6) - before[r]);
      sums[c] += static_cast<uint32_t>(std::min<int>(level, growth[r]));
    }
  }
}

#else

// sums[c] += sum over four rows of min(growth, max(0, 64 · code - before)), below 2^16 in all.
template <class D>
static HWY_INLINE hn::Vec<D> levels(D d, const uint8_t* const* rows, const uint16_t* before,
                                    const uint16_t* growth, size_t c) {
  const hn::Rebind<uint8_t, D> bytes;
  auto sum = hn::Zero(d);
#pragma GCC unroll 4
  for (size_t r = 0; r < 4; ++r) {
    const auto level = hn::ShiftLeft<6>(hn::PromoteTo(d, hn::LoadU(bytes, rows[r] + c)));
    sum = hn::Add(sum,
                  hn::Min(hn::SaturatedSub(level, hn::Set(d, before[r])), hn::Set(d, growth[r])));
  }
  return sum;
}

// columns: a multiple of 64; n: of 4.
void AddLevels(const uint8_t* const* rows, const uint16_t* before, const uint16_t* growth, size_t n,
               size_t columns, uint32_t* sums) {
  const hn::ScalableTag<uint16_t> d;
  const hn::Half<decltype(d)> half;
  const hn::Rebind<uint32_t, decltype(half)> wide;
  for (size_t r = 0; r < n; r += 4) {
    for (size_t c = 0; c < columns; c += hn::Lanes(d)) {
      const auto sum = levels(d, rows + r, before + r, growth + r, c);
      uint32_t* at = sums + c;
      const auto low = hn::PromoteTo(wide, hn::LowerHalf(half, sum));
      hn::StoreU(hn::Add(hn::LoadU(wide, at), low), wide, at);
      at += hn::Lanes(wide);
      const auto high = hn::PromoteTo(wide, hn::UpperHalf(half, sum));
      hn::StoreU(hn::Add(hn::LoadU(wide, at), high), wide, at);
    }
  }
}

#endif

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(Bounds);
HWY_EXPORT(Codes);
HWY_EXPORT(AddLevels);

void similarity_bounds(Kernel kernel, const NarrowBlock& block, NarrowSide rows, NarrowSide columns,
                       float* out) {
  HWY_DYNAMIC_DISPATCH(Bounds)(kernel, block, rows, columns, out);
}

bool similarity_codes(Kernel kernel, const NarrowBlock& block, const CodeSides& sides, float slope,
                      float offset, uint8_t* across, size_t stride, uint32_t* down) {
  return HWY_DYNAMIC_DISPATCH(Codes)(kernel, block, sides, slope, offset, across, stride, down);
}

void add_levels(const uint8_t* const* rows, const uint16_t* before, const uint16_t* growth,
                size_t n, size_t columns, uint32_t* sums) {
  HWY_DYNAMIC_DISPATCH(AddLevels)(rows, before, growth, n, columns, sums);
}

}  // namespace querist::kernels
#endif
