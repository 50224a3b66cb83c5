// Highway source. With rows x and centres c rounded to x' and c', and lengths |·|,
//   |<x, c> - <x', c'>| <= |x - x'| |c| + |x'| |c - c'|
// (Cauchy and Schwarz), of which every length is measured, not assumed; to this come what the sums
// lose in float32 in any order, and underflow. A centre's score is then known within
// reach(x) · |c|, and only those that may be among the k least are scored again.
#include "kernels/bfloat16_filter.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bfloat16_filter.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;

// The bits of values rounded to bfloat16, ties to even, in the upper half of each lane; numbers
// below 2^-126 become 0, as the processor would take them.
template <class V>
static HWY_INLINE auto rounded_bits(V values) {
  const hn::RebindToUnsigned<Tag> du;
  const auto bits = hn::BitCast(du, values);
  const auto is_tiny = hn::Lt(hn::And(bits, hn::Set(du, 0x7fffffffu)), hn::Set(du, 0x00800000u));
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto up = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffu)));
  return hn::IfThenZeroElse(is_tiny, hn::And(up, hn::Set(du, 0xffff0000u)));
}

// out (n, narrow) of bfloat16; squares[2 i] = |row i|^2, squares[2 i + 1] = |row i - its
// rounded|^2.
void RoundRows(const float* block, size_t n, size_t cols, size_t narrow, uint16_t* out,
               float* squares) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const hn::Rebind<uint16_t, Tag> half;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < n; ++i) {
    auto length = hn::Zero(d);
    auto error = hn::Zero(d);
    const auto round = [&](hn::Vec<Tag> values, size_t j) HWY_ATTR {
      const auto bits = rounded_bits(values);
      const auto lost = hn::Sub(values, hn::BitCast(d, bits));
      length = hn::MulAdd(values, values, length);
      error = hn::MulAdd(lost, lost, error);
      const auto top = hn::BitCast(di, hn::ShiftRight<16>(bits));
      hn::StoreU(hn::DemoteTo(half, top), half, out + i * narrow + j);
    };
    const float* row = block + i * cols;
    size_t j = 0;
    for (; j + lanes <= cols; j += lanes) round(hn::LoadU(d, row + j), j);
    if (j < cols) {
      HWY_ALIGN float rest[16] = {};
      std::copy(row + j, row + cols, rest);
      round(hn::Load(d, rest), j);
    }
    squares[2 * i] = hn::GetLane(hn::SumOfLanes(d, length));
    squares[2 * i + 1] = hn::GetLane(hn::SumOfLanes(d, error));
  }
}

// The least upper bound of each of 64 groups of the centres, and of all.
float LeastHighs(const Bfloat16Filter::Bounds& bounds, size_t n, float reach_of_row, float* out) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  const auto reach = hn::Set(d, reach_of_row);
  std::fill_n(out, Bfloat16Filter::groups, std::numeric_limits<float>::infinity());
  constexpr size_t chains = 4;
  hn::Vec<Tag> least[chains];
#pragma GCC unroll 4
  for (size_t c = 0; c < chains; ++c) least[c] = hn::Set(d, std::numeric_limits<float>::infinity());
  const auto high = [&](size_t j) HWY_ATTR {
    return hn::MulAdd(reach, hn::LoadU(d, bounds.lengths + j),
                      hn::Sub(hn::LoadU(d, bounds.highs + j), hn::LoadU(d, bounds.products + j)));
  };
  size_t j = 0;
  for (; j + chains * lanes <= n; j += chains * lanes) {
#pragma GCC unroll 4
    for (size_t c = 0; c < chains; ++c) least[c] = hn::Min(least[c], high(j + c * lanes));
  }
  for (; j < n; j += lanes) least[0] = hn::Min(least[0], high(j));
#pragma GCC unroll 4
  for (size_t c = 0; c < chains; ++c) hn::StoreU(least[c], d, out + c * lanes);
  const auto both = hn::Min(hn::Min(least[0], least[1]), hn::Min(least[2], least[3]));
  return hn::GetLane(hn::MinOfLanes(d, both));
}

// Shows the search all of n centres that its limit does not shut out.
void ScanRow(const Bfloat16Filter::Bounds& bounds, size_t first, size_t n,
             Bfloat16Filter::Search& search) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  const auto reach = hn::Set(d, search.reach);
  auto limit = hn::Set(d, search.limit);
  for (size_t j = 0; j < n; j += lanes) {
    const auto product = hn::LoadU(d, bounds.products + j);
    const auto length = hn::LoadU(d, bounds.lengths + j);
    const auto low = hn::NegMulAdd(reach, length, hn::Sub(hn::LoadU(d, bounds.lows + j), product));
    const auto is_near = hn::Le(low, limit);
    if (HWY_LIKELY(hn::AllFalse(d, is_near))) continue;
    const auto high = hn::MulAdd(reach, length, hn::Sub(hn::LoadU(d, bounds.highs + j), product));
    HWY_ALIGN float low_of[16];
    HWY_ALIGN float high_of[16];
    hn::Store(low, d, low_of);
    hn::Store(high, d, high_of);
    uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, is_near, bytes);
    for (unsigned left = bytes[0] | static_cast<unsigned>(bytes[1]) << 8; left; left &= left - 1) {
      const auto lane = static_cast<size_t>(std::countr_zero(left));
      if (low_of[lane] <= search.limit) {
        search.take(first + j + lane, low_of[lane], high_of[lane]);
      }
    }
    limit = hn::Set(d, search.limit);
  }
}

// <a, b> in any order.
float Dot(const float* a, const float* b, size_t cols) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t chains = 4;
  hn::Vec<Tag> sums[chains];
#pragma GCC unroll 4
  for (size_t c = 0; c < chains; ++c) sums[c] = hn::Zero(d);
  size_t j = 0;
  for (; j + chains * lanes <= cols; j += chains * lanes) {
#pragma GCC unroll 4
    for (size_t c = 0; c < chains; ++c) {
      sums[c] =
          hn::MulAdd(hn::LoadU(d, a + j + c * lanes), hn::LoadU(d, b + j + c * lanes), sums[c]);
    }
  }
  const auto both = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  float sum = hn::GetLane(hn::SumOfLanes(d, both));
  for (; j < cols; ++j) sum += a[j] * b[j];
  return sum;
}

// out[p] = <pairs[2 p], pairs[2 p + 1]> by the chain of products that center_scores takes, column
// after column; eight chains at a time, so that they do not wait for each other.
void ChainProducts(const float* const* pairs, size_t n, size_t cols, float* out) {
  const hn::CappedTag<float, 1> d;
  constexpr size_t step = 8;
  for (size_t p = 0; p < n; p += step) {
    const float* a[step];
    const float* b[step];
    hn::Vec<decltype(d)> sums[step];
#pragma GCC unroll 8
    for (size_t s = 0; s < step; ++s) {
      const size_t at = std::min(p + s, n - 1);
      a[s] = pairs[2 * at];
      b[s] = pairs[2 * at + 1];
      sums[s] = hn::Zero(d);
    }
    for (size_t j = 0; j < cols; ++j) {
#pragma GCC unroll 8
      for (size_t s = 0; s < step; ++s) {
        sums[s] = hn::MulAdd(hn::LoadU(d, a[s] + j), hn::LoadU(d, b[s] + j), sums[s]);
      }
    }
#pragma GCC unroll 8
    for (size_t s = 0; s < step; ++s) {
      if (p + s < n) out[p + s] = hn::GetLane(sums[s]);
    }
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(RoundRows);
HWY_EXPORT(LeastHighs);
HWY_EXPORT(ScanRow);
HWY_EXPORT(Dot);
HWY_EXPORT(ChainProducts);

static constexpr size_t part = 1024;   // Centres of one product.
static constexpr size_t padding = 16;  // Centres come in whole vectors.
static constexpr float infinity = std::numeric_limits<float>::infinity();

static std::atomic<uint64_t> filtered = 0;
uint64_t bfloat16_filtered_rows() { return filtered; }

// Below 1e18 no sum of products overflows.
static constexpr double longest = 1e18;

// Wider rows would make the relative error of a sum, n · 2^-22, more than a bound.
static constexpr size_t most_cols = 16'384;

// At least the length whose square was summed in float32, in any order, where squares below 2^-126
// may have become 0.
static double length_of(float square, size_t cols) {
  const auto n = static_cast<double>(cols);
  return std::sqrt(double{square} * (1 + (n + 8) * 0x1p-23) + n * 0x1p-126);
}

// The relative error of a sum of n products in float32, with sums that are cut, not rounded.
static double cut_sum_error(size_t n) { return (static_cast<double>(n) + 4) * 0x1p-22; }
// The same of sums that are rounded to nearest.
static double sum_error(size_t n) { return cut_sum_error(n) / 2; }

// What underflow may take from a row's two sums and from the arithmetic on them.
static double underflow(size_t narrow) { return (static_cast<double>(narrow) + 4) * 0x1p-122; }

bool Bfloat16Filter::pays(size_t rows, const CenterPanels& centers, size_t k) {
  const size_t count = centers.count();
  if (k >= count || centers.cols() == 0 || rows == 0) return false;
  if (bfloat16_mode() == Bfloat16Mode::always) return true;
  if (bfloat16_mode() == Bfloat16Mode::never) return false;
  if (rows < 1024 || k > count / 32) return false;
  // With AVX512_BF16 100 centres of 384 columns gain a sixth, 64 lose a tenth.
  if (count < 96 || count * centers.cols() < 38'000 || centers.cols() < 32) return false;
  return centers.cols() <= most_cols && has_fast_bfloat16_products();
}

void Bfloat16Filter::Search::take(size_t center, float low, float high) {
  if (center == self || !(low < infinity)) return;  // Infinite: a centre that pads.
  found.push_back({low, high, static_cast<int32_t>(center)});
  if (found.size() < 2 * most) return;
  tighten();
  if (found.size() <= most) return;
  is_open = true;
  limit = -infinity;
}

void Bfloat16Filter::Search::tighten() {
  if (found.size() < k) return;
  highs.clear();
  for (const Candidate& c : found) highs.push_back(c.high);
  const auto kth = highs.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(highs.begin(), kth, highs.end());
  limit = std::min(limit, *kth);
  std::erase_if(found, [&](const Candidate& c) { return !(c.low <= limit); });
}

Bfloat16Filter::Bfloat16Filter(const CenterPanels& centers, size_t block_rows)
    : centers_(centers), block_rows_(block_rows) {
  const size_t count = centers.count();
  const size_t cols = centers.cols();
  const size_t narrow = bfloat16_cols(cols);
  const size_t padded = (count + padding - 1) / padding * padding;
  lengths_.assign(padded, 0);
  lows_.assign(padded, infinity);
  highs_.assign(padded, infinity);
  std::vector<float> squares(2 * count);
  for (size_t from = 0; from < count; from += part) {
    const size_t n = std::min(part, count - from);
    const size_t whole = (n + padding - 1) / padding * padding;
    std::vector<uint16_t> rows(whole * narrow);
    HWY_DYNAMIC_DISPATCH(RoundRows)
    (centers.moved().values.data() + from * cols, n, cols, narrow, rows.data(),
     squares.data() + 2 * from);
    parts_.emplace_back(std::move(rows), whole, cols, block_rows);
  }
  ratio_ = 0x1p-20;
  for (size_t c = 0; c < count; ++c) {
    const double length = length_of(squares[2 * c], cols);
    if (!(length < longest)) is_usable_ = false;
    ratio_ = std::max(ratio_, length_of(squares[2 * c + 1], cols) / length);
  }
  // More than 2^-8 is lost of numbers that became 0 alone: those centres are taken for longer ones.
  ratio_ = std::min(ratio_, 0x1p-8);
  for (size_t c = 0; c < count; ++c) {
    const double length =
        std::max(length_of(squares[2 * c], cols), length_of(squares[2 * c + 1], cols) / ratio_);
    const double half_norm = centers.half_norms()[c];
    lengths_[c] = static_cast<float>(length * (1 + 0x1p-20));
    lows_[c] = static_cast<float>(half_norm * (1 - 0x1p-20) - underflow(narrow));
    highs_[c] = static_cast<float>(half_norm * (1 + 0x1p-20) + underflow(narrow));
  }
}

void Bfloat16Filter::begin(const float* block, size_t n, size_t k, size_t selves,
                           Work& work) const {
  const size_t cols = centers_.cols();
  const size_t narrow = bfloat16_cols(cols);
  work.narrow.resize(block_rows_ * narrow);
  work.products.resize(block_rows_ * std::min(part, lengths_.size()));
  work.rows.resize(block_rows_);
  work.squares.resize(2 * block_rows_);
  HWY_DYNAMIC_DISPATCH(RoundRows)(block, n, cols, narrow, work.narrow.data(), work.squares.data());
  for (size_t i = 0; i < n; ++i) {
    const double length = length_of(work.squares[2 * i], cols);
    const double error = length_of(work.squares[2 * i + 1], cols);
    const double rounded = length + error;
    // Rounded products, the narrow sum, the float32 sum, and the arithmetic of the bounds.
    const double reach = error + rounded * ratio_ + rounded * (1 + ratio_) * cut_sum_error(narrow) +
                         length * (sum_error(cols) + 0x1p-19);
    Search& search = work.rows[i];
    search.reach = static_cast<float>(reach * (1 + 0x1p-20));
    search.is_open = !is_usable_ || !(length < longest);
    search.limit = search.is_open ? -infinity : infinity;
    search.k = k;
    search.self = selves == no_selves ? no_selves : selves + i;
    // Scoring one centre again costs as much as some 16 in the plain product.
    search.most = k + 4 + centers_.count() / 32;
    search.length = static_cast<float>(length * (1 + 0x1p-20));
    search.found.clear();
  }
}

// Scans the centres of one part; the first part, and every part where one centre is wanted, for a
// limit before the candidates.
void Bfloat16Filter::scan(const Bfloat16Rows& part, size_t first, size_t n, Work& work) const {
  part.products(work.narrow.data(), work.products.data(), work.scratch);
  float least[groups];
  for (size_t i = 0; i < n; ++i) {
    Search& search = work.rows[i];
    if (search.is_open) continue;
    const Bounds bounds = {work.products.data() + i * part.count(), lengths_.data() + first,
                           lows_.data() + first, highs_.data() + first};
    // The least of the row itself is not among those wanted.
    const size_t rank = search.k - (search.self == no_selves);
    if (rank < groups / 2 && (first == 0 || rank == 0)) {
      float high = HWY_DYNAMIC_DISPATCH(LeastHighs)(bounds, part.count(), search.reach, least);
      if (rank > 0) {
        std::nth_element(least, least + rank, least + groups);
        high = least[rank];
      }
      search.limit = std::min(search.limit, high);
    }
    HWY_DYNAMIC_DISPATCH(ScanRow)(bounds, first, part.count(), search);
    if (!search.is_open && search.found.size() > 2 * search.k) search.tighten();
  }
}

// Bounds from float32 products, which sum faster in any order than in the one that counts.
void Bfloat16Filter::narrow_down(const float* row, Search& search) const {
  const size_t cols = centers_.cols();
  const double lost = 2 * sum_error(cols) + 0x1p-19;
  const auto reach = static_cast<float>(double{search.length} * lost * (1 + 0x1p-20));
  for (Search::Candidate& candidate : search.found) {
    const auto c = static_cast<size_t>(candidate.center);
    const float product = HWY_DYNAMIC_DISPATCH(Dot)(row, centers_.moved().row(c).data(), cols);
    candidate.low = lows_[c] - product - reach * lengths_[c];
    candidate.high = highs_[c] - product + reach * lengths_[c];
  }
  search.tighten();
}

void Bfloat16Filter::settle(const float* block, size_t n, Work& work) const {
  const size_t cols = centers_.cols();
  work.pairs.clear();
  for (size_t i = 0; i < n; ++i) {
    Search& search = work.rows[i];
    if (search.is_open) continue;
    search.tighten();
    QUERIST_CHECK(search.found.size() >= search.k);
    if (search.found.size() > search.k) narrow_down(block + i * cols, search);
    if (search.found.size() == search.k) continue;
    for (const Search::Candidate& candidate : search.found) {
      work.pairs.push_back(block + i * cols);
      work.pairs.push_back(centers_.moved().row(static_cast<size_t>(candidate.center)).data());
    }
  }
  work.exact.resize(work.pairs.size() / 2);
  HWY_DYNAMIC_DISPATCH(ChainProducts)
  (work.pairs.data(), work.exact.size(), cols, work.exact.data());
  size_t next = 0;
  for (size_t i = 0; i < n; ++i) {
    Search& search = work.rows[i];
    if (search.is_open || search.found.size() == search.k) continue;
    for (Search::Candidate& candidate : search.found) {
      candidate.low = centers_.half_norms()[candidate.center] - work.exact[next++];
    }
    const auto is_nearer = [](const Search::Candidate& a, const Search::Candidate& b) {
      return a.low != b.low ? a.low < b.low : a.center < b.center;
    };
    const auto kth = search.found.begin() + static_cast<std::ptrdiff_t>(search.k) - 1;
    std::nth_element(search.found.begin(), kth, search.found.end(), is_nearer);
    search.found.resize(search.k);
  }
}

void Bfloat16Filter::nearest(const float* block, size_t n, size_t k, size_t selves,
                             Work& work) const {
  QUERIST_CHECK(n <= block_rows_ && k > 0 && k < centers_.count());
  begin(block, n, k, selves, work);
  size_t first = 0;
  for (const Bfloat16Rows& part : parts_) {
    if (!is_usable_) break;
    scan(part, first, n, work);
    first += part.count();
  }
  settle(block, n, work);
  uint64_t known = 0;
  for (size_t i = 0; i < n; ++i) known += !work.rows[i].is_open;
  filtered += known;
}

}  // namespace querist::kernels
#endif
