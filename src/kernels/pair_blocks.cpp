// Highway source: six rows meet a panel of one register's width or of several, all sums in
// registers.
#include "kernels/pair_blocks.h"

#include <algorithm>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/softmax_regression.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pair_blocks.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;

static constexpr size_t tile_rows = 6;
// 6 x 4 sums fit 32 registers, 6 x 2 fit 16.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_ARCH_ARM_A64
static constexpr size_t wide_vectors = 4;
#else
static constexpr size_t wide_vectors = 2;
#endif

size_t WidePanel() { return wide_vectors * hn::Lanes(Tag()); }
size_t NarrowPanel() { return hn::Lanes(Tag()); }

template <size_t vectors>
static HWY_INLINE void tile(const float* const* a, const float* HWY_RESTRICT panel, size_t cols,
                            float* HWY_RESTRICT out) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[tile_rows][vectors];
  const float* rows[tile_rows];
#pragma GCC unroll 8
  for (size_t r = 0; r < tile_rows; ++r) {
    rows[r] = a[r];
#pragma GCC unroll 8
    for (size_t v = 0; v < vectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (size_t k = 0; k < cols; ++k) {
    hn::Vec<Tag> across[vectors];
#pragma GCC unroll 8
    for (size_t v = 0; v < vectors; ++v) {
      across[v] = hn::LoadU(d, panel + (k * vectors + v) * lanes);
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < tile_rows; ++r) {
      const auto value = hn::Set(d, rows[r][k]);
#pragma GCC unroll 8
      for (size_t v = 0; v < vectors; ++v) sums[r][v] = hn::MulAdd(value, across[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (size_t r = 0; r < tile_rows; ++r) {
#pragma GCC unroll 8
    for (size_t v = 0; v < vectors; ++v) {
      hn::StoreU(sums[r][v], d, out + (r * vectors + v) * lanes);
    }
  }
}

void PanelProducts(const float* const* a, size_t n, const float* panel, size_t width, size_t cols,
                   float* out) {
  const size_t narrow = hn::Lanes(Tag());
  for (size_t i = 0; i < n; i += tile_rows) {
    const float* rows[tile_rows];
    for (size_t r = 0; r < tile_rows; ++r) rows[r] = a[i + r < n ? i + r : n - 1];
    if (width == narrow) {
      tile<1>(rows, panel, cols, out + i * width);
    } else {
      tile<wide_vectors>(rows, panel, cols, out + i * width);
    }
  }
}

void PanelNorms(const float* panel, size_t width, size_t cols, float* out) {
  const Tag d;
  for (size_t j = 0; j < width; j += hn::Lanes(d)) {
    auto sum = hn::Zero(d);
    for (size_t k = 0; k < cols; ++k) {
      const auto value = hn::LoadU(d, panel + k * width + j);
      sum = hn::MulAdd(value, value, sum);
    }
    hn::StoreU(sum, d, out + j);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(WidePanel);
HWY_EXPORT(NarrowPanel);
HWY_EXPORT(PanelProducts);
HWY_EXPORT(PanelNorms);

size_t wide_panel() { return HWY_DYNAMIC_DISPATCH(WidePanel)(); }
size_t narrow_panel() { return HWY_DYNAMIC_DISPATCH(NarrowPanel)(); }

RowReader::RowReader(const Features& x, size_t most) : x_(x), pointers_(most) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse);
  if (x.kind == Features::Kind::half) scratch_.resize(most * x.cols);
}

const float* const* RowReader::read(std::span<const int64_t> rows) {
  QUERIST_CHECK(rows.size() <= pointers_.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    QUERIST_CHECK(rows[i] >= 0 && static_cast<size_t>(rows[i]) < x_.rows);
    const size_t start = static_cast<size_t>(rows[i]) * x_.cols;
    if (x_.kind == Features::Kind::dense) {
      pointers_[i] = x_.dense + start;
    } else {
      float* wide = scratch_.data() + i * x_.cols;
      widen_halves(x_.half + start, x_.cols, wide);
      pointers_[i] = wide;
    }
  }
  return pointers_.data();
}

void pack_panel(const float* const* rows, size_t n, size_t cols, size_t width, float* panel) {
  QUERIST_CHECK(n > 0 && n <= width);
  for (size_t j = 0; j < width; ++j) {
    const float* row = rows[std::min(j, n - 1)];
    for (size_t k = 0; k < cols; ++k) panel[k * width + j] = row[k];
  }
}

void panel_products(const float* const* a, size_t n, const float* panel, size_t width, size_t cols,
                    float* out) {
  QUERIST_CHECK(n <= block_rows);
  HWY_DYNAMIC_DISPATCH(PanelProducts)(a, n, panel, width, cols, out);
}

std::vector<float> chain_norms(const Features& x, std::span<const int64_t> rows) {
  std::vector<float> norms(rows.size());
  const size_t width = wide_panel();
  parallel_for((rows.size() + width - 1) / width, 8, [&](size_t first, size_t last) {
    RowReader reader(x, width);
    std::vector<float> panel(x.cols * width);
    std::vector<float> sums(width);
    for (size_t p = first; p < last; ++p) {
      const auto part = rows.subspan(p * width, std::min(width, rows.size() - p * width));
      pack_panel(reader.read(part), part.size(), x.cols, width, panel.data());
      HWY_DYNAMIC_DISPATCH(PanelNorms)(panel.data(), width, x.cols, sums.data());
      std::copy_n(sums.data(), part.size(), norms.data() + p * width);
    }
  });
  return norms;
}

}  // namespace querist::kernels
#endif
