// Highway source: products become bits while they are in the first cache; a lazy queue counts them.
#include "kernels/ball_cover.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <queue>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/narrow_distances.h"
#include "kernels/pair_blocks.h"
#include "kernels/pair_sweep.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ball_cover.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;

// A byte for eight lanes, whatever the vector's width.
template <class M>
static HWY_INLINE void store_bits(Tag d, M mask, size_t j, uint8_t* out) {
  if constexpr (hn::MaxLanes(Tag()) >= 8) {
    hn::StoreMaskBits(d, mask, out + j / 8);
  } else {
    uint8_t bytes[8];
    hn::StoreMaskBits(d, mask, bytes);
    out[j / 8] = static_cast<uint8_t>((j % 8 == 0 ? 0 : out[j / 8]) | bytes[0] << j % 8);
  }
}

// Bits of the pairs that lie in the ball for certain, both ways: across the columns of a row (n,
// stride) and, 16 at a time, down the rows of a column (3, width). doubtful (n, width / 8): those
// that may or may not lie in it; true if there are any.
bool BallBits(const NarrowBlock& block, NarrowSide rows, NarrowSide columns, float limit,
              uint8_t* HWY_RESTRICT across, size_t stride, uint16_t* HWY_RESTRICT down,
              uint8_t* HWY_RESTRICT doubtful) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const size_t width = block.width;
  const hn::Rebind<uint16_t, Tag> narrow;
  bool any = false;
  for (size_t j = 0; j < width; j += hn::Lanes(d)) {
    const auto units = hn::LoadU(d, columns.units + block.column + j);
    const auto most = hn::Sub(hn::LoadU(d, columns.most + block.column + j), hn::Set(d, limit));
    const auto least = hn::Sub(hn::LoadU(d, columns.least + block.column + j), hn::Set(d, limit));
    for (size_t first = 0; first < block.n; first += 16) {
      auto bits = hn::Zero(di);
      for (size_t i = std::min(block.n, first + 16); i-- > first;) {
        const size_t row = block.row + i;
        const auto product = hn::ConvertTo(d, hn::LoadU(di, block.products + i * width + j));
        const auto twice = hn::Mul(hn::Mul(product, units), hn::Set(d, 2 * rows.units[row]));
        const auto sure = hn::Ge(twice, hn::Add(hn::Set(d, rows.most[row]), most));
        const auto maybe = hn::Ge(twice, hn::Add(hn::Set(d, rows.least[row]), least));
        store_bits(d, sure, j, across + i * stride);
        bits = hn::Sub(hn::Add(bits, bits), hn::VecFromMask(di, hn::RebindMask(di, sure)));
        const auto doubt = hn::AndNot(sure, maybe);
        if (!any && HWY_UNLIKELY(!hn::AllFalse(d, doubt))) {
          any = true;
          std::memset(doubtful, 0, block.n * width / 8);
        }
        if (any) store_bits(d, doubt, j, doubtful + i * width / 8);
      }
      hn::StoreU(hn::DemoteTo(narrow, bits), narrow, down + first / 16 * width + j);
    }
  }
  return any;
}

size_t CountBoth(const uint64_t* HWY_RESTRICT a, const uint64_t* HWY_RESTRICT b, size_t words) {
  const hn::ScalableTag<uint64_t> d;
  auto sum = hn::Zero(d);
  size_t w = 0;
  for (; w + hn::Lanes(d) <= words; w += hn::Lanes(d))
    sum = hn::Add(sum, hn::PopulationCount(hn::And(hn::LoadU(d, a + w), hn::LoadU(d, b + w))));
  auto count = static_cast<size_t>(hn::GetLane(hn::SumOfLanes(d, sum)));
  for (; w < words; ++w) count += static_cast<size_t>(std::popcount(a[w] & b[w]));
  return count;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(BallBits);
HWY_EXPORT(CountBoth);

static constexpr size_t most_bytes = 64ull << 20;
static constexpr size_t most_width = 512;  // Of a block.

// Balls, weights of 0 or 1, and room for the bits and the rounded rows.
static bool fits(const CoverageTask& task) {
  if (task.kernel.similarity != Similarity::ball || task.x.cols > 100'000) return false;
  if (!(task.kernel.value * task.kernel.value < 1e30f)) return false;
  const size_t rows = task.candidates.size() + task.targets.size();
  if (task.candidates.size() * (task.targets.size() + 128) / 8 > most_bytes) return false;
  if (rows * (task.x.cols + 1) * 2 > most_bytes) return false;
  return std::ranges::all_of(task.weights, [](float w) { return w == 0 || w == 1; });
}

class BallBitTable {
 public:
  explicit BallBitTable(const CoverageTask& task);
  // Of the words of targets; bits past the last are 0.
  const uint64_t* row(size_t candidate) const { return words_.data() + candidate * stride_; }
  size_t words() const { return stride_; }
  bool is_usable() const { return usable_; }

 private:
  void set(size_t c, size_t t) { words_[c * stride_ + t / 64] |= uint64_t{1} << t % 64; }
  void clear(size_t c, size_t t) { words_[c * stride_ + t / 64] &= ~(uint64_t{1} << t % 64); }
  uint8_t* bytes_of(size_t c) { return reinterpret_cast<uint8_t*>(words_.data() + c * stride_); }
  void fill(const CoverageTask& task, const NarrowDistances& candidates,
            const NarrowDistances& targets, const NarrowBlock& block);

  size_t targets_, stride_;
  bool usable_ = true;
  std::vector<uint64_t> words_;  // (candidates, stride)
};

BallBitTable::BallBitTable(const CoverageTask& task)
    : targets_(task.targets.size()), stride_((targets_ + 127) / 64) {
  NarrowDistances candidates(task.kernel, task.x, task.candidates);
  const bool same = std::ranges::equal(task.candidates, task.targets);
  std::vector<NarrowDistances> others;
  if (!same) others.emplace_back(task.kernel, task.x, task.targets);
  NarrowDistances& targets = same ? candidates : others[0];
  const double error = std::max(candidates.error(), targets.error());
  usable_ = std::isfinite(error);
  if (!usable_) return;
  candidates.bound(error);
  if (!same) targets.bound(error);
  words_.resize(task.candidates.size() * stride_);
  const auto visit = [&](const NarrowBlock& block) { fill(task, candidates, targets, block); };
  if (same) {
    meet_narrow(candidates.rows(), visit);
  } else {
    meet_narrow(candidates.rows(), targets.rows(), visit);
  }
}

// Decides in double.
class ExactBall {
 public:
  explicit ExactBall(const CoverageTask& task)
      : cols_(task.x.cols),
        limit_(double{task.kernel.value} * double{task.kernel.value}),
        first_(task.x, 1),
        second_(task.x, 1) {}
  bool holds(int64_t a, int64_t b) {
    const float* p = *first_.read({&a, 1});
    const float* q = *second_.read({&b, 1});
    double sum = 0;
    for (size_t j = 0; j < cols_; ++j) {
      const double gap = double{p[j]} - double{q[j]};
      sum += gap * gap;
    }
    return sum <= limit_;
  }

 private:
  size_t cols_;
  double limit_;
  RowReader first_, second_;
};

void BallBitTable::fill(const CoverageTask& task, const NarrowDistances& candidates,
                        const NarrowDistances& targets, const NarrowBlock& block) {
  uint16_t down[narrow_block_rows / 16 * most_width];
  uint8_t doubtful[narrow_block_rows * most_width / 8];
  const float limit = task.kernel.value * task.kernel.value;
  const size_t columns = std::min(block.width, targets_ - block.column);
  const bool any = HWY_DYNAMIC_DISPATCH(BallBits)(block, candidates.side(), targets.side(), limit,
                                                  bytes_of(block.row) + block.column / 8,
                                                  8 * stride_, down, doubtful);
  if (block.mirrored) {
    for (size_t q = 0; q < narrow_block_rows / 16; ++q) {
      for (size_t j = 0; j < columns; ++j)
        std::memcpy(bytes_of(block.column + j) + block.row / 8 + 2 * q, down + q * block.width + j,
                    2);
    }
  }
  for (size_t i = 0; i < block.n && columns < block.width; ++i) {
    for (size_t j = columns; j < block.width; ++j) clear(block.row + i, block.column + j);
  }
  if (!any) return;
  ExactBall ball(task);
  for (size_t at = 0; at < block.n * block.width; ++at) {
    const size_t i = block.row + at / block.width;
    const size_t j = block.column + at % block.width;
    const bool doubt = doubtful[at / 8] >> at % 8 & 1;
    if (!doubt || j >= targets_ || !ball.holds(candidates.ids()[i], targets.ids()[j])) continue;
    set(i, j);
    if (block.mirrored) set(j, i);
  }
}

// The targets that no labelled row covers and that weigh something, a bit each.
static std::vector<uint64_t> open_targets(const CoverageTask& task, size_t words) {
  std::vector<float> best(task.targets.size(), 0);
  if (!task.labeled.empty()) {
    const auto norms = kernel_norms(task.kernel, task.x, task.labeled);
    const auto target_norms = kernel_norms(task.kernel, task.x, task.targets);
    raise_best(task.kernel, {task.x, task.labeled, norms}, {task.x, task.targets, target_norms},
               best);
  }
  std::vector<uint64_t> open(words, 0);
  for (size_t t = 0; t < best.size(); ++t) {
    if (best[t] < 1 && task.weights[t] > 0) open[t / 64] |= uint64_t{1} << t % 64;
  }
  return open;
}

static size_t count_both(const uint64_t* a, std::span<const uint64_t> b) {
  return HWY_DYNAMIC_DISPATCH(CountBoth)(a, b.data(), b.size());
}

struct BallCount {
  double worth;  // Per cost.
  size_t candidate;
  size_t count;
  size_t picks;  // How many had been made when it was counted: counts only fall.
  bool operator<(const BallCount& other) const {
    return worth != other.worth ? worth < other.worth : candidate > other.candidate;
  }
};

std::optional<std::vector<CoveragePick>> greedy_balls(const CoverageTask& task, size_t count) {
  if (!fits(task)) return std::nullopt;
  const BallBitTable table(task);
  if (!table.is_usable()) return std::nullopt;
  auto open = open_targets(task, table.words());
  const auto counted = [&](size_t c, size_t picks) {
    const size_t found = count_both(table.row(c), open);
    const double cost = task.costs.empty() ? 1 : double{task.costs[c]};
    return BallCount{static_cast<double>(found) / cost, c, found, picks};
  };
  std::vector<BallCount> counts(task.candidates.size());
  parallel_for(counts.size(), 64, [&](size_t begin, size_t end) {
    for (size_t c = begin; c < end; ++c) counts[c] = counted(c, 0);
  });
  std::priority_queue<BallCount> queue(std::less<BallCount>(), std::move(counts));
  std::vector<CoveragePick> picks;
  while (picks.size() < std::min(count, task.candidates.size())) {
    const BallCount top = queue.top();
    queue.pop();
    if (top.picks != picks.size() && top.count > 0) {
      queue.push(counted(top.candidate, picks.size()));
      continue;
    }
    picks.push_back({top.candidate, top.worth});
    const uint64_t* row = table.row(top.candidate);
    for (size_t w = 0; w < open.size(); ++w) open[w] &= ~row[w];
    check_interrupt();
  }
  return picks;
}

}  // namespace querist::kernels
#endif
