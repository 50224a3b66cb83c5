// Highway source: similarities become bytes while they are in the first cache, for both orders of a
// pair; levels have six bits more than codes, so that how well a target is covered is not rounded.
#include "kernels/coverage_table.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>
#include <unordered_map>

#include "base/interrupt.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coverage_table.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

#ifndef QUERIST_KERNELS_COVERAGE_TABLE_SIDES
#define QUERIST_KERNELS_COVERAGE_TABLE_SIDES
namespace querist::kernels {
// Targets are rows and candidates columns, all arrays whole. A cover of infinity leaves a row out.
struct CodeSides {
  NarrowSide rows, columns;
  const float* row_best;
  const float* column_best;
  double* column_sums;
  double* row_sums;
};
}  // namespace querist::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vec = hn::Vec<Tag>;

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
      return hn::Exp(d, hn::Max(hn::Set(d, -87.0f), hn::Neg(hn::Mul(value, squared))));
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

// code = value · slope + offset, cut off to 0 … 255: across the columns of a row (n, stride) and,
// four at a time, down the rows of a column (n / 4, width). True if one lies above 255. Adds what
// values exceed the cover of their row to the sums of columns, and that of their column, where the
// block is mirrored, to the sums of rows.
template <Similarity similarity>
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
    const auto column_best = hn::LoadU(d, sides.column_best + block.column + j);
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
        const auto row_best = hn::Set(d, sides.row_best[block.row + i]);
        sum = hn::Add(sum, hn::Max(hn::Zero(d), hn::Sub(value, row_best)));
        float* row_sum = row_sums + i * lanes;
        const auto growth = hn::Max(hn::Zero(d), hn::Sub(value, column_best));
        hn::Store(hn::Add(hn::Load(d, row_sum), growth), d, row_sum);
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
    above = codes_of<similarity>(kernel, block, sides, slope, offset, across, stride, down);
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

static constexpr size_t most_pairs = 128ull << 20;
static constexpr size_t most_row_bytes = 64ull << 20;  // Of rounded rows.
static constexpr size_t most_width = 512;              // Of a block.
static constexpr size_t sampled = 32;                  // Targets that the scale is taken from.
static constexpr float infinite = std::numeric_limits<float>::infinity();
static constexpr uint32_t none = std::numeric_limits<uint32_t>::max();
static constexpr float levels_a_code = 64;
static constexpr uint16_t top_level = 255 * 64;
// A value of the same rows in another order of operations differs by less of a step.
static constexpr float guard = 1.0f / 32;

// The weight of all targets that have any; 0 if they differ.
static float common_weight(std::span<const float> weights) {
  float common = 0;
  for (const float w : weights) {
    if (w == 0) continue;
    if (common != 0 && w != common) return 0;
    common = w;
  }
  return common;
}

static bool fits(const CoverageTask& task) {
  const size_t rows = task.candidates.size() + task.targets.size();
  return task.kernel.similarity != Similarity::ball && task.x.cols <= 100'000 &&
         task.targets.size() * (task.candidates.size() + most_width) <= most_pairs &&
         rows * (task.x.cols + 1) * 2 <= most_row_bytes && common_weight(task.weights) > 0;
}

std::unique_ptr<CoverageTable> CoverageTable::make(const CoverageTask& task,
                                                   std::span<const float> best) {
  if (!fits(task)) return nullptr;
  auto table = std::unique_ptr<CoverageTable>(new CoverageTable(task, best));
  return table->fill() ? std::move(table) : nullptr;
}

CoverageTable::CoverageTable(const CoverageTask& task, std::span<const float> best)
    : task_(task),
      weight_(common_weight(task.weights)),
      best_(best.begin(), best.end()),
      stride_((task.candidates.size() + most_width) / 64 * 64),
      growth_(task.candidates.size(), 0),
      above_(task.candidates.size(), 0) {
  if (task.kernel.similarity == Similarity::negative_distance) highest_ = task.kernel.value;
}

void CoverageTable::find_own_targets() {
  std::unordered_map<int64_t, uint32_t> places;
  for (size_t t = 0; t < task_.targets.size(); ++t)
    places.emplace(task_.targets[t], static_cast<uint32_t>(t));
  for (const int64_t row : task_.candidates) {
    const auto found = places.find(row);
    own_target_.push_back(found == places.end() ? none : found->second);
  }
}

bool CoverageTable::fill() {
  const bool same = std::ranges::equal(task_.candidates, task_.targets);
  NarrowDistances candidates(task_.kernel, task_.x, task_.candidates);
  std::vector<NarrowDistances> others;
  if (!same) others.emplace_back(task_.kernel, task_.x, task_.targets);
  NarrowDistances& targets = same ? candidates : others[0];
  const double error = std::max(candidates.error(), targets.error());
  if (!std::isfinite(error)) return false;
  candidates.bound(error);
  if (!same) targets.bound(error);
  find_own_targets();
  scale_ = scale_of(candidates);
  codes_ = LargeBuffer(task_.targets.size() * stride_);
  // Where rows are columns as well, a task of its own adds to every row's sum.
  std::vector<float> cover(best_.size() + most_width, infinite);
  for (size_t t = 0; t < best_.size(); ++t) {
    if (task_.weights[t] > 0) cover[t] = best_[t];
  }
  const std::vector<float> of_columns(same ? 0 : stride_ + most_width, infinite);
  first_.assign(stride_ + most_width, 0);
  std::vector<double> row_sums(same ? narrow_tasks(best_.size()) * best_.size() : 0, 0);
  const auto visit = [&](const NarrowBlock& block) {
    encode(
        {targets.side(), candidates.side(), cover.data(), same ? cover.data() : of_columns.data(),
         first_.data(), row_sums.data() + (same ? block.task * best_.size() : 0)},
        block);
  };
  if (same) {
    meet_narrow(candidates.rows(), visit);
  } else {
    meet_narrow(targets.rows(), candidates.rows(), visit);
  }
  for (size_t at = 0; at < row_sums.size(); ++at) first_[at % best_.size()] += row_sums[at];
  std::vector<CoverageRaise> all;
  for (size_t t = 0; t < best_.size(); ++t)
    all.push_back({static_cast<uint32_t>(t), best_[t], highest_});
  add_growth(all, false);
  for (size_t t = 0; t < best_.size(); ++t) {
    if (task_.weights[t] > 0) below_ += std::max(0.0, double{scale_.low} - double{best_[t]});
  }
  return true;
}

// From the least to the largest bound between some targets and all candidates but themselves.
CoverageTable::Scale CoverageTable::scale_of(const NarrowDistances& candidates) const {
  std::vector<int64_t> ids;
  const size_t n = task_.targets.size();
  for (size_t s = 0; s < std::min(sampled, n); ++s)
    ids.push_back(task_.targets[s * n / std::min(sampled, n)]);
  NarrowDistances some(task_.kernel, task_.x, ids);
  some.bound(std::max(some.error(), candidates.error()));
  std::mutex mutex;
  float low = highest_;
  float high = 0;
  meet_narrow(some.rows(), candidates.rows(), [&](const NarrowBlock& block) {
    std::vector<float> values(block.n * block.width);
    HWY_DYNAMIC_DISPATCH(Bounds)
    (task_.kernel, block, some.side(), candidates.side(), values.data());
    const auto columns = std::min(block.width, task_.candidates.size() - block.column);
    const std::lock_guard lock(mutex);
    for (size_t i = 0; i < block.n; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        if (ids[block.row + i] == task_.candidates[block.column + j]) continue;
        low = std::min(low, values[i * block.width + j]);
        high = std::max(high, values[i * block.width + j]);
      }
    }
  });
  // No finer than float32 tells apart.
  const float range = std::max(high - low, 0.005f * highest_);
  return {low, range / 255};
}

void CoverageTable::encode(const CodeSides& sides, const NarrowBlock& block) {
  uint32_t down[narrow_block_rows / 4 * most_width];
  uint8_t* across = codes_.data() + block.row * stride_ + block.column;
  const float slope = 1 / scale_.step;
  const float offset = 1 + guard - scale_.low * slope;
  const bool above =
      HWY_DYNAMIC_DISPATCH(Codes)(task_.kernel, block, sides, slope, offset, across, stride_, down);
  const size_t columns = std::min(block.width, task_.candidates.size() - block.column);
  if (block.mirrored) {
    for (size_t q = 0; q < block.n / 4; ++q) {
      for (size_t j = 0; j < columns; ++j)
        std::memcpy(codes_.data() + (block.column + j) * stride_ + block.row + 4 * q,
                    down + q * block.width + j, 4);
    }
  }
  if (!above) return;
  const auto count = [&](size_t candidate) {
    std::atomic_ref(above_[candidate]).fetch_add(1, std::memory_order_relaxed);
  };
  for (size_t i = block.row; i < block.row + block.n; ++i) {
    for (size_t j = block.column; j < block.column + columns; ++j) {
      uint8_t& code = codes_.data()[i * stride_ + j];
      if (code < 255) continue;
      if (own_target_[j] == i) {
        code = 0;
        continue;
      }
      count(j);
      if (block.mirrored) count(i);
    }
  }
}

// How well a target is covered, rounded down.
uint16_t CoverageTable::level(float value) const {
  const double place = (double{value} - double{scale_.low}) / double{scale_.step};
  return static_cast<uint16_t>(std::clamp(std::floor(64 * place) - 1, 0.0, double{top_level}));
}

void CoverageTable::add_growth(std::span<const CoverageRaise> raises, bool taken_away) {
  std::vector<const uint8_t*> rows;
  std::vector<uint16_t> before, growth;
  for (const CoverageRaise& raise : raises) {
    if (task_.weights[raise.target] == 0) continue;
    const uint16_t from = level(raise.before);
    const uint16_t to = raise.after >= highest_ ? top_level : level(raise.after);
    if (from == to) continue;
    rows.push_back(codes_.data() + raise.target * stride_);
    before.push_back(from);
    growth.push_back(static_cast<uint16_t>(to - from));
  }
  if (rows.empty()) return;
  while (rows.size() % 4 != 0) {
    rows.push_back(rows[0]);
    before.push_back(top_level);
    growth.push_back(0);
  }
  static constexpr size_t columns_at_once = 4096;
  static constexpr size_t rows_at_once = 1 << 16;  // Their sums fit 32 bits.
  const size_t n = task_.candidates.size();
  parallel_for((n + columns_at_once - 1) / columns_at_once, 1, [&](size_t first, size_t last) {
    std::vector<uint32_t> sums(columns_at_once);
    for (size_t column = first * columns_at_once; column < std::min(n, last * columns_at_once);
         column += columns_at_once) {
      const size_t columns = std::min(columns_at_once, (n - column + 63) / 64 * 64);
      for (size_t r = 0; r < rows.size(); r += rows_at_once) {
        std::vector<const uint8_t*> part(rows.begin() + r,
                                         rows.begin() + std::min(rows.size(), r + rows_at_once));
        for (auto& row : part) row += column;
        std::fill(sums.begin(), sums.end(), 0);
        HWY_DYNAMIC_DISPATCH(AddLevels)
        (part.data(), before.data() + r, growth.data() + r, part.size(), columns, sums.data());
        for (size_t c = column; c < std::min(n, column + columns); ++c)
          growth_[c] += taken_away ? -int64_t{sums[c - column]} : int64_t{sums[c - column]};
      }
    }
  });
}

void CoverageTable::raise(std::span<const CoverageRaise> raises) {
  for (const CoverageRaise& raise : raises) {
    best_[raise.target] = raise.after;
    if (task_.weights[raise.target] == 0) continue;
    const double low = scale_.low;
    below_ += std::max(0.0, low - double{raise.after}) - std::max(0.0, low - double{raise.before});
  }
  add_growth(raises, true);
}

double CoverageTable::most(size_t candidate) const {
  const double high = double{scale_.low} + 255 * double{scale_.step};
  double sum = below_ + static_cast<double>(growth_[candidate]) * double{scale_.step} / 64;
  sum += above_[candidate] * std::max(0.0, double{highest_} - high);
  if (const uint32_t own = own_target_[candidate]; own != none && task_.weights[own] > 0)
    sum += std::max(0.0, double{highest_} - double{best_[own]});
  // Both stand for sums of float32 as growth() takes them, the first is one itself, and parts of
  // the other were added and taken away in turn.
  return double{weight_} * (std::min(sum, first_[candidate]) * (1 + 6e-6) + 1e-9);
}

}  // namespace querist::kernels
#endif
