// Highway source: a strip of rows meets two vectors of centres at a time, each sum taken column
// after column, so that a score is the same in any company.
#include "kernels/center_panels.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/bfloat16_filter.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/center_panels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Tag>;

static constexpr size_t most_lanes = 16;
static constexpr size_t most_rows = 96;  // Of one block; a multiple of every strip.
static constexpr int strip = hn::MaxLanes(Tag()) >= 16 ? 12 : 6;

static HWY_INLINE Vec load(Tag d, const float* row, size_t j) { return hn::LoadU(d, row + j); }
static HWY_INLINE Vec load(Tag d, const uint16_t* row, size_t j) {
  const hn::Rebind<hwy::float16_t, Tag> halves;
  return hn::PromoteTo(d, hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(row) + j));
}
static HWY_INLINE float one(const float* row, size_t j) { return row[j]; }
static HWY_INLINE float one(const uint16_t* row, size_t j) { return half_to_float(row[j]); }

// Calls body(pointer) with the row in the kind it is stored in.
template <class Body>
static HWY_INLINE auto with_row(const Features& x, int64_t row, Body body) {
  const size_t start = static_cast<size_t>(row) * x.cols;
  return x.kind == Features::Kind::dense ? body(x.dense + start) : body(x.half + start);
}

// block[i] = rows[i] - shift, widened.
void MovedRows(const Features& x, const int64_t* rows, size_t n, const float* shift, float* block) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < n; ++i) {
    float* HWY_RESTRICT out = block + i * x.cols;
    with_row(x, rows[i], [&](const auto* row) {
      size_t j = 0;
      for (; j + lanes <= x.cols; j += lanes) {
        hn::StoreU(hn::Sub(load(d, row, j), hn::LoadU(d, shift + j)), d, out + j);
      }
      for (; j < x.cols; ++j) out[j] = one(row, j) - shift[j];
    });
  }
}

template <class Value>
static HWY_INLINE float squared_difference(const Value* a, const float* b, size_t cols) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= cols; j += 2 * lanes) {
    const auto first = hn::Sub(load(d, a, j), hn::LoadU(d, b + j));
    const auto second = hn::Sub(load(d, a, j + lanes), hn::LoadU(d, b + j + lanes));
    even = hn::MulAdd(first, first, even);
    odd = hn::MulAdd(second, second, odd);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; j < cols; ++j) sum += (one(a, j) - b[j]) * (one(a, j) - b[j]);
  return sum;
}

float SquaredDistance(const Features& x, int64_t row, const float* point) {
  return with_row(x, row,
                  [&](const auto* values) { return squared_difference(values, point, x.cols); });
}

void LowerDistances(const Features& x, const int64_t* rows, size_t n, const float* point,
                    const char* skip, int32_t name, float* out, int32_t* which) {
  for (size_t i = 0; i < n; ++i) {
    if (skip && skip[i]) continue;
    const float squared = SquaredDistance(x, rows[i], point);
    if (squared < out[i]) {
      out[i] = squared;
      which[i] = name;
    }
  }
}

float SquaredDifference(const float* a, const float* b, size_t cols) {
  return squared_difference(a, b, cols);
}

// The small loops are unrolled by pragma: -O2 leaves them rolled, and sums indexed by a running
// number would live in memory.
template <int vectors>
static HWY_INLINE void products(const float* HWY_RESTRICT x, size_t cols,
                                const float* HWY_RESTRICT centers, Vec (&sums)[strip][vectors]) {
  const Tag d;
#pragma GCC unroll 16
  for (int r = 0; r < strip; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (size_t j = 0; j < cols; ++j) {
    Vec c[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      c[v] =
          hn::LoadU(d, centers + j * CenterPanels::width + static_cast<size_t>(v) * hn::Lanes(d));
    }
#pragma GCC unroll 16
    for (int r = 0; r < strip; ++r) {
      const auto value = hn::Set(d, x[static_cast<size_t>(r) * cols + j]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sums[r][v] = hn::MulAdd(value, c[v], sums[r][v]);
    }
  }
}

// The least score that each lane has seen for each row of a block, and the centre it came from.
struct Least {
  HWY_ALIGN float score[most_rows * most_lanes];
  HWY_ALIGN int32_t center[most_rows * most_lanes];
};

template <int vectors>
static HWY_INLINE void lower(const float* x, size_t cols, const float* centers, const float* norms,
                             size_t first, size_t row, Least& least) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const size_t lanes = hn::Lanes(d);
  Vec sums[strip][vectors];
  products<vectors>(x, cols, centers, sums);
#pragma GCC unroll 16
  for (int r = 0; r < strip; ++r) {
    const size_t at = (row + static_cast<size_t>(r)) * lanes;
    auto score = hn::Load(d, least.score + at);
    auto center = hn::Load(di, least.center + at);
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const size_t offset = static_cast<size_t>(v) * lanes;
      const auto here = hn::Sub(hn::LoadU(d, norms + offset), sums[r][v]);
      const auto is_less = hn::Lt(here, score);
      score = hn::IfThenElse(is_less, here, score);
      center = hn::IfThenElse(hn::RebindMask(di, is_less),
                              hn::Iota(di, static_cast<int32_t>(first + offset)), center);
    }
    hn::Store(score, d, least.score + at);
    hn::Store(center, di, least.center + at);
  }
}

// nearest[i] and squared[i] of n rows that lie in a block, padded to whole strips.
void NearestInBlock(const CenterPanels& centers, const float* block, size_t n, int32_t* nearest,
                    float* squared) {
  const size_t lanes = hn::Lanes(Tag());
  const size_t cols = centers.cols();
  Least least;
  std::fill_n(least.score, most_rows * lanes, std::numeric_limits<float>::infinity());
  std::fill_n(least.center, most_rows * lanes, 0);
  for (size_t first = 0; first < centers.count();) {
    const float* panel = centers.panel(first / CenterPanels::width) + first % CenterPanels::width;
    const float* norms = centers.half_norms() + first;
    const bool is_wide = centers.count() - first > lanes;
    for (size_t row = 0; row < n; row += strip) {
      if (is_wide) {
        lower<2>(block + row * cols, cols, panel, norms, first, row, least);
      } else {
        lower<1>(block + row * cols, cols, panel, norms, first, row, least);
      }
    }
    first += (is_wide ? 2 : 1) * lanes;
  }
  for (size_t i = 0; i < n; ++i) {
    const float* score = least.score + i * lanes;
    const int32_t* center = least.center + i * lanes;
    size_t best = 0;
    for (size_t lane = 1; lane < lanes; ++lane) {
      const bool is_tie = score[lane] == score[best] && center[lane] < center[best];
      if (score[lane] < score[best] || is_tie) best = lane;
    }
    nearest[i] = center[best];
    squared[i] = squared_difference(
        block + i * cols, centers.moved().row(static_cast<size_t>(center[best])).data(), cols);
  }
}

void ScoresOfBlock(const CenterPanels& centers, const float* block, size_t n, float* scores) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  const size_t cols = centers.cols();
  for (size_t first = 0; first < centers.padded(); first += 2 * lanes) {
    const float* panel = centers.panel(first / CenterPanels::width) + first % CenterPanels::width;
    const float* norms = centers.half_norms() + first;
    for (size_t row = 0; row < n; row += strip) {
      Vec sums[strip][2];
      products<2>(block + row * cols, cols, panel, sums);
#pragma GCC unroll 16
      for (int r = 0; r < strip; ++r) {
        const size_t i = row + static_cast<size_t>(r);
        if (i >= n) continue;
        float* out = scores + i * centers.padded() + first;
        hn::StoreU(hn::Sub(hn::LoadU(d, norms), sums[r][0]), d, out);
        hn::StoreU(hn::Sub(hn::LoadU(d, norms + lanes), sums[r][1]), d, out + lanes);
      }
    }
  }
}

void AddRow(const Features& x, int64_t row, size_t from, double weight, double* sums, size_t n) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const size_t lanes = hn::Lanes(d);
  const auto share = hn::Set(d, weight);
  const auto add = [&](const float* values) {
    size_t j = 0;
    for (; j + lanes <= n; j += lanes) {
      const auto wide = hn::PromoteTo(d, hn::LoadU(narrow, values + j));
      hn::StoreU(hn::MulAdd(share, wide, hn::LoadU(d, sums + j)), d, sums + j);
    }
    for (; j < n; ++j) sums[j] += weight * double{values[j]};
  };
  const size_t start = static_cast<size_t>(row) * x.cols + from;
  if (x.kind == Features::Kind::dense) return add(x.dense + start);
  const Tag wide;
  float values[most_lanes];
  size_t j = 0;
  for (; j + hn::Lanes(wide) <= n; j += hn::Lanes(wide)) {
    hn::StoreU(load(wide, x.half + start, j), wide, values);
    for (size_t k = 0; k < hn::Lanes(wide); ++k) sums[j + k] += weight * double{values[k]};
  }
  for (; j < n; ++j) sums[j] += weight * double{half_to_float(x.half[start + j])};
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(MovedRows);
HWY_EXPORT(SquaredDistance);
HWY_EXPORT(SquaredDifference);
HWY_EXPORT(LowerDistances);
HWY_EXPORT(NearestInBlock);
HWY_EXPORT(ScoresOfBlock);
HWY_EXPORT(AddRow);

// Rows of a block: few enough to stay in the second-level cache.
static size_t block_rows(size_t cols) { return cols <= 1024 ? 96 : 24; }

CenterPanels::CenterPanels(MatrixView centers)
    : shift_(centers.cols), moved_(centers.rows, centers.cols) {
  const size_t k = centers.rows;
  std::vector<double> sums(centers.cols);
  for (size_t c = 0; c < k; ++c) add_row(centers, static_cast<int64_t>(c), 0, 1, sums);
  for (size_t j = 0; j < sums.size(); ++j) {
    shift_[j] = k ? static_cast<float>(sums[j] / static_cast<double>(k)) : 0;
  }
  half_norms_.assign((k + width - 1) / width * width, std::numeric_limits<float>::infinity());
  panels_.assign(half_norms_.size() * centers.cols, 0);
  for (size_t c = 0; c < k; ++c) {
    double norm = 0;
    float* panel = panels_.data() + c / width * width * centers.cols + c % width;
    for (size_t j = 0; j < centers.cols; ++j) {
      const float value = centers.row(c)[j] - shift_[j];
      moved_.at(c, j) = value;
      panel[j * width] = value;
      norm += double{value} * double{value};
    }
    half_norms_[c] = static_cast<float>(norm / 2);
  }
}

// One block of moved rows by a filter; rows that it leaves open are moved together into `spare`.
// Says how many those were.
static size_t filter_block(const Bfloat16Filter& filter, const CenterPanels& centers,
                           const float* block, size_t n, Bfloat16Filter::Work& work,
                           std::vector<float>& spare, int32_t* nearest, float* squared) {
  const size_t cols = centers.cols();
  filter.nearest(block, n, 1, Bfloat16Filter::no_selves, work);
  std::vector<size_t> open;
  for (size_t i = 0; i < n; ++i) {
    const float* row = block + i * cols;
    if (work.rows[i].is_open) {
      std::copy_n(row, cols, spare.data() + open.size() * cols);
      open.push_back(i);
      continue;
    }
    nearest[i] = work.rows[i].found[0].center;
    const float* center = centers.moved().row(static_cast<size_t>(nearest[i])).data();
    squared[i] = HWY_DYNAMIC_DISPATCH(SquaredDifference)(row, center, cols);
  }
  std::vector<int32_t> which(open.size());
  std::vector<float> distance(open.size());
  HWY_DYNAMIC_DISPATCH(NearestInBlock)
  (centers, spare.data(), open.size(), which.data(), distance.data());
  for (size_t i = 0; i < open.size(); ++i) {
    nearest[open[i]] = which[i];
    squared[open[i]] = distance[i];
  }
  return open.size();
}

// The same answer by a filter in bfloat16, as long as that answers most rows.
static void filtered_centers(const Features& x, std::span<const int64_t> rows,
                             const CenterPanels& centers, std::span<int32_t> nearest,
                             std::span<float> squared) {
  constexpr size_t tried = 960;
  const size_t step = block_rows(x.cols);
  const Bfloat16Filter filter(centers, step);
  std::atomic<size_t> seen = 0;
  std::atomic<size_t> open = 0;
  parallel_for((rows.size() + step - 1) / step, 4, [&](size_t begin, size_t end) {
    std::vector<float> block(step * x.cols);
    std::vector<float> spare(step * x.cols);
    Bfloat16Filter::Work work;
    for (size_t from = begin * step; from < std::min(end * step, rows.size()); from += step) {
      const size_t n = std::min(step, rows.size() - from);
      int32_t* which = nearest.data() + from;
      float* distances = squared.data() + from;
      HWY_DYNAMIC_DISPATCH(MovedRows)
      (x, rows.data() + from, n, centers.shift().data(), block.data());
      if (seen >= tried && open > seen / 4) {
        HWY_DYNAMIC_DISPATCH(NearestInBlock)(centers, block.data(), n, which, distances);
        continue;
      }
      open += filter_block(filter, centers, block.data(), n, work, spare, which, distances);
      seen += n;
    }
  });
}

void moved_rows(const Features& x, std::span<const int64_t> rows, const CenterPanels& centers,
                std::span<float> block) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && x.cols == centers.cols());
  QUERIST_CHECK(block.size() >= rows.size() * x.cols);
  HWY_DYNAMIC_DISPATCH(MovedRows)
  (x, rows.data(), rows.size(), centers.shift().data(), block.data());
}

void nearest_centers(const Features& x, std::span<const int64_t> rows, const CenterPanels& centers,
                     std::span<int32_t> nearest, std::span<float> squared) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && x.cols == centers.cols());
  QUERIST_CHECK(nearest.size() == rows.size() && squared.size() == rows.size());
  QUERIST_CHECK(centers.count() > 0 || rows.empty());
  if (Bfloat16Filter::pays(rows.size(), centers, 1)) {
    return filtered_centers(x, rows, centers, nearest, squared);
  }
  const size_t step = block_rows(x.cols);
  parallel_for((rows.size() + step - 1) / step, 4, [&](size_t begin, size_t end) {
    std::vector<float> block(step * x.cols);
    for (size_t from = begin * step; from < std::min(end * step, rows.size()); from += step) {
      const size_t n = std::min(step, rows.size() - from);
      HWY_DYNAMIC_DISPATCH(MovedRows)
      (x, rows.data() + from, n, centers.shift().data(), block.data());
      HWY_DYNAMIC_DISPATCH(NearestInBlock)
      (centers, block.data(), n, nearest.data() + from, squared.data() + from);
    }
  });
}

void center_scores(const Features& x, std::span<const int64_t> rows, const CenterPanels& centers,
                   std::span<float> scores) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && x.cols == centers.cols());
  QUERIST_CHECK(scores.size() == rows.size() * centers.padded());
  const size_t step = block_rows(x.cols);
  std::vector<float> block(step * x.cols);
  for (size_t from = 0; from < rows.size(); from += step) {
    const size_t n = std::min(step, rows.size() - from);
    HWY_DYNAMIC_DISPATCH(MovedRows)
    (x, rows.data() + from, n, centers.shift().data(), block.data());
    HWY_DYNAMIC_DISPATCH(ScoresOfBlock)
    (centers, block.data(), n, scores.data() + from * centers.padded());
  }
}

float squared_distance(const Features& x, int64_t row, std::span<const float> point) {
  QUERIST_CHECK(point.size() == x.cols);
  return HWY_DYNAMIC_DISPATCH(SquaredDistance)(x, row, point.data());
}

void lower_distances(const Features& x, std::span<const int64_t> rows, std::span<const float> point,
                     std::span<const char> skip, int32_t name, std::span<float> out,
                     std::span<int32_t> which) {
  QUERIST_CHECK(out.size() == rows.size() && which.size() == rows.size());
  QUERIST_CHECK((skip.empty() || skip.size() == rows.size()) && point.size() == x.cols);
  HWY_DYNAMIC_DISPATCH(LowerDistances)
  (x, rows.data(), rows.size(), point.data(), skip.data(), name, out.data(), which.data());
}

void add_row(const Features& x, int64_t row, size_t from, double weight, std::span<double> sums) {
  QUERIST_CHECK(from + sums.size() <= x.cols);
  HWY_DYNAMIC_DISPATCH(AddRow)(x, row, from, weight, sums.data(), sums.size());
}

}  // namespace querist::kernels
#endif
