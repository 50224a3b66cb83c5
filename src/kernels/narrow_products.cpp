// Highway source: pairs of columns are multiplied and added in one instruction, six rows against a
// panel of several registers' width, all sums in registers.
#include "kernels/narrow_products.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/pair_blocks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/narrow_products.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Sums = hn::ScalableTag<int32_t>;

static constexpr size_t tile_rows = 6;
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
static constexpr size_t vectors = 4;
#else
static constexpr size_t vectors = 2;
#endif

// A multiple of 8 whatever the vectors.
size_t NarrowWidth() { return std::max<size_t>(8, vectors * hn::Lanes(Sums())); }

#if HWY_TARGET == HWY_SCALAR

void NarrowProducts(const int16_t* const* a, size_t n, const int32_t* panel, size_t width,
                    size_t pairs, int32_t* out) {
  std::fill(out, out + n * width, 0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < pairs; ++k) {
      for (size_t j = 0; j < width; ++j) {
        int16_t pair[2];
        std::memcpy(pair, panel + k * width + j, sizeof(pair));
        out[i * width + j] += a[i][2 * k] * pair[0] + a[i][2 * k + 1] * pair[1];
      }
    }
  }
}

#else

using Halves = hn::Repartition<int16_t, Sums>;

static HWY_INLINE void tile(const int16_t* const* a, const int32_t* HWY_RESTRICT panel,
                            size_t width, size_t pairs, int32_t* HWY_RESTRICT out) {
  const Sums d;
  const Halves halves;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Sums> even[tile_rows][vectors];
  hn::Vec<Sums> odd[tile_rows][vectors];  // Where pairs are not kept together, half of the sums.
#pragma GCC unroll 8
  for (size_t r = 0; r < tile_rows; ++r) {
#pragma GCC unroll 8
    for (size_t v = 0; v < vectors; ++v) even[r][v] = odd[r][v] = hn::Zero(d);
  }
  for (size_t k = 0; k < pairs; ++k) {
    hn::Vec<Halves> across[vectors];
#pragma GCC unroll 8
    for (size_t v = 0; v < vectors; ++v)
      across[v] = hn::BitCast(halves, hn::LoadU(d, panel + k * width + v * lanes));
#pragma GCC unroll 8
    for (size_t r = 0; r < tile_rows; ++r) {
      int32_t pair;
      std::memcpy(&pair, a[r] + 2 * k, sizeof(pair));
      const auto both = hn::BitCast(halves, hn::Set(d, pair));
#pragma GCC unroll 8
      for (size_t v = 0; v < vectors; ++v)
        even[r][v] = hn::ReorderWidenMulAccumulate(d, both, across[v], even[r][v], odd[r][v]);
    }
  }
#pragma GCC unroll 8
  for (size_t r = 0; r < tile_rows; ++r) {
#pragma GCC unroll 8
    for (size_t v = 0; v < vectors; ++v)
      hn::StoreU(hn::RearrangeToOddPlusEven(even[r][v], odd[r][v]), d, out + r * width + v * lanes);
  }
}

void NarrowProducts(const int16_t* const* a, size_t n, const int32_t* panel, size_t width,
                    size_t pairs, int32_t* out) {
  for (size_t i = 0; i < n; i += tile_rows) {
    const int16_t* rows[tile_rows];
    for (size_t r = 0; r < tile_rows; ++r) rows[r] = a[std::min(i + r, n - 1)];
    for (size_t j = 0; j < width; j += vectors * hn::Lanes(Sums()))
      tile(rows, panel + j, width, pairs, out + i * width + j);
  }
}

#endif

// Rounds one row; out (2 · pairs) is zero past cols. Returns the unit, and the squared length of
// what rounding lost.
float RoundRow(const float* row, size_t cols, float length, float most, int16_t* out, float* lost) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<int16_t, decltype(d)> narrow;
  const float full = 46339 - std::sqrt(static_cast<float>(cols));  // 2^15.5: products fit 31 bits.
  const float unit = std::max(length / full, most / 32767);
  *lost = 0;
  if (unit == 0) {
    std::fill(out, out + cols, int16_t{0});
    return 0;
  }
  const float scale = 1 / unit;
  const size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    const auto value = hn::LoadU(d, row + j);
    const auto whole = hn::NearestInt(hn::Mul(value, hn::Set(d, scale)));
    const auto gap = hn::NegMulAdd(hn::ConvertTo(d, whole), hn::Set(d, unit), value);
    sum = hn::MulAdd(gap, gap, sum);
    hn::StoreU(hn::DemoteTo(narrow, whole), narrow, out + j);
  }
  *lost = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; j < cols; ++j) {
    const float whole = std::nearbyint(row[j] * scale);
    const float gap = row[j] - whole * unit;
    *lost += gap * gap;
    out[j] = static_cast<int16_t>(std::clamp(whole, -32767.0f, 32767.0f));
  }
  return unit;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(NarrowWidth);
HWY_EXPORT(NarrowProducts);
HWY_EXPORT(RoundRow);

static constexpr size_t group_columns = 256;  // Packed together: 64 KiB at 128 columns.

NarrowRows narrow_rows(const Features& x, std::span<const int64_t> rows) {
  QUERIST_CHECK(x.cols <= 100'000);
  NarrowRows out;
  out.rows = rows.size();
  out.pairs = std::max<size_t>(1, (x.cols + 1) / 2);
  out.values.resize(out.rows * 2 * out.pairs);
  out.units.resize(out.rows);
  std::vector<double> errors(out.rows, 0);
  parallel_for(out.rows, 256, [&](size_t first, size_t last) {
    RowReader reader(x, 1);
    for (size_t i = first; i < last; ++i) {
      const float* row = *reader.read(rows.subspan(i, 1));
      double squared = 0;
      float most = 0;
      for (size_t j = 0; j < x.cols; ++j) {
        squared += double{row[j]} * double{row[j]};
        most = std::max(most, std::abs(row[j]));
      }
      float lost = 0;
      if (squared > 0 && !(squared > 1e-30 && squared < 1e30)) {
        errors[i] = std::numeric_limits<double>::infinity();
        continue;
      }
      const auto length = static_cast<float>(std::sqrt(squared));
      out.units[i] = HWY_DYNAMIC_DISPATCH(RoundRow)(row, x.cols, length, most,
                                                    out.values.data() + i * 2 * out.pairs, &lost);
      // What is lost is itself known to a few parts in a thousand.
      if (squared > 0) errors[i] = 1.01 * std::sqrt(double{lost} / squared);
    }
  });
  for (const double error : errors) out.error = std::max(out.error, error);
  out.error = 2 * out.error + out.error * out.error + 8 * 0x1p-24;  // The last: units, conversion.
  return out;
}

// Panels of consecutive rows, laid pair by pair.
static void pack(const NarrowRows& b, size_t from, size_t count, size_t width,
                 std::vector<int32_t>& panels) {
  const size_t n = (count + width - 1) / width;
  panels.resize(n * width * b.pairs);
  for (size_t j = 0; j < n * width; ++j) {
    const int16_t* row = b.row(std::min(from + j, b.rows - 1));
    int32_t* at = panels.data() + j / width * width * b.pairs + j % width;
    for (size_t k = 0; k < b.pairs; ++k) std::memcpy(at + k * width, row + 2 * k, sizeof(int32_t));
  }
}

// Rows from … to-1 of a against packed panels of b.
static void meet_group(const NarrowRows& a, size_t from, size_t to,
                       const std::vector<int32_t>& panels, size_t column, size_t width,
                       bool mirrored, size_t task,
                       const std::function<void(const NarrowBlock&)>& visit) {
  const size_t panel_size = width * a.pairs;
  std::vector<int32_t> products(narrow_block_rows * width);
  const int16_t* rows[narrow_block_rows];
  for (size_t i = from; i < to; i += narrow_block_rows) {
    check_interrupt();
    const size_t n = std::min(narrow_block_rows, to - i);
    for (size_t r = 0; r < n; ++r) rows[r] = a.row(i + r);
    for (size_t p = 0; p * panel_size < panels.size(); ++p) {
      HWY_DYNAMIC_DISPATCH(NarrowProducts)
      (rows, n, panels.data() + p * panel_size, width, a.pairs, products.data());
      visit({i, n, column + p * width, width, products.data(), mirrored, task});
    }
  }
}

// Whole blocks of rows and whole panels.
static size_t group_step(size_t width) {
  const size_t whole = std::lcm(narrow_block_rows, width);
  return (group_columns + whole - 1) / whole * whole;
}

void meet_narrow(const NarrowRows& a, const NarrowRows& b,
                 const std::function<void(const NarrowBlock&)>& visit) {
  QUERIST_CHECK(a.pairs == b.pairs);
  const size_t width = HWY_DYNAMIC_DISPATCH(NarrowWidth)();
  const size_t step = group_step(width);
  if (a.rows == 0) return;
  parallel_for((b.rows + step - 1) / step, 1, [&](size_t first, size_t last) {
    std::vector<int32_t> panels;
    for (size_t g = first; g < last; ++g) {
      pack(b, g * step, std::min(step, b.rows - g * step), width, panels);
      meet_group(a, 0, a.rows, panels, g * step, width, false, g, visit);
    }
  });
}

size_t narrow_tasks(size_t rows) {
  const size_t step = group_step(HWY_DYNAMIC_DISPATCH(NarrowWidth)());
  return ((rows + step - 1) / step + 1) / 2;
}

void meet_narrow(const NarrowRows& a, const std::function<void(const NarrowBlock&)>& visit) {
  const size_t width = HWY_DYNAMIC_DISPATCH(NarrowWidth)();
  const size_t step = group_step(width);
  const size_t groups = (a.rows + step - 1) / step;
  // The first meet few rows and the last meet many: each task takes one of both.
  parallel_for((groups + 1) / 2, 1, [&](size_t first, size_t last) {
    std::vector<int32_t> panels;
    const auto meet = [&](size_t g, size_t task) {
      const size_t from = g * step;
      const size_t count = std::min(step, a.rows - from);
      pack(a, from, count, width, panels);
      meet_group(a, 0, from, panels, from, width, true, task, visit);
      meet_group(a, from, from + count, panels, from, width, false, task, visit);
    };
    for (size_t task = first; task < last; ++task) {
      meet(task, task);
      if (groups - 1 - task != task) meet(groups - 1 - task, task);
    }
  });
}

}  // namespace querist::kernels
#endif
