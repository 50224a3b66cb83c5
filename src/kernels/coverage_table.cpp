// Every pair is met once, in 16 bits, and kept as a byte; what a pick covers is then taken off.
#include "kernels/coverage_table.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <unordered_map>

#include "base/threads.h"
#include "kernels/coverage_codes.h"

namespace querist::kernels {

static constexpr size_t most_pairs = 128ull << 20;
static constexpr size_t most_row_bytes = 64ull << 20;  // Of rounded rows.
static constexpr size_t most_width = 512;              // Of a block.
static constexpr size_t sampled = 32;                  // Targets that the scale is taken from.
static constexpr float infinite = std::numeric_limits<float>::infinity();
static constexpr uint32_t none = std::numeric_limits<uint32_t>::max();
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
  const bool covered =
      std::ranges::any_of(std::span(cover).first(best_.size()), [](float c) { return c > 0; });
  most_.assign(stride_ + most_width, 0);
  std::vector<double> row_sums(same ? narrow_tasks(best_.size()) * best_.size() : 0, 0);
  const auto visit = [&](const NarrowBlock& block) {
    // The columns past the last candidate must not count.
    const bool some_left_out = covered || block.column + block.width > task_.candidates.size();
    encode(
        {targets.side(), candidates.side(), cover.data(), same ? cover.data() : of_columns.data(),
         most_.data(), row_sums.data() + (same ? block.task * best_.size() : 0), some_left_out},
        block);
  };
  if (same) {
    meet_narrow(candidates.rows(), visit);
  } else {
    meet_narrow(targets.rows(), candidates.rows(), visit);
  }
  for (size_t at = 0; at < row_sums.size(); ++at) most_[at % best_.size()] += row_sums[at];
  // Growth as growth() takes it, in float32, and a bound that is a little off.
  const auto targets_with_weight =
      static_cast<double>(std::ranges::count_if(task_.weights, [](float w) { return w > 0; }));
  for (double& most : most_) most = finished(most + 1e-6 * double{highest_} * targets_with_weight);
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
    similarity_bounds(task_.kernel, block, some.side(), candidates.side(), values.data());
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
  return {low, range / 252};  // The last codes are for what the sample just missed.
}

void CoverageTable::encode(const CodeSides& sides, const NarrowBlock& block) {
  uint32_t down[narrow_block_rows / 4 * most_width];
  uint8_t* across = codes_.data() + block.row * stride_ + block.column;
  const float slope = 1 / scale_.step;
  const float offset = 1 + guard - scale_.low * slope;
  const bool above =
      similarity_codes(task_.kernel, block, sides, slope, offset, across, stride_, down);
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
  return static_cast<uint16_t>(
      std::clamp(std::floor(double{levels_a_code} * place) - 1, 0.0, double{top_level}));
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
        add_levels(part.data(), before.data() + r, growth.data() + r, part.size(), columns,
                   sums.data());
        for (size_t c = column; c < std::min(n, column + columns); ++c)
          growth_[c] += taken_away ? -int64_t{sums[c - column]} : int64_t{sums[c - column]};
      }
    }
  });
}

void CoverageTable::raise(std::span<const CoverageRaise> raises) {
  for (const CoverageRaise& raise : raises) best_[raise.target] = raise.after;
  if (!summed_) {
    std::vector<CoverageRaise> all;
    for (size_t t = 0; t < best_.size(); ++t)
      all.push_back({static_cast<uint32_t>(t), best_[t], highest_});
    add_growth(all, false);
    summed_ = true;
  } else {
    add_growth(raises, true);
  }
  double below = 0;
  for (size_t t = 0; t < best_.size(); ++t) {
    if (task_.weights[t] > 0) below += std::max(0.0, double{scale_.low} - double{best_[t]});
  }
  const double high = double{scale_.low} + 255 * double{scale_.step};
  for (size_t c = 0; c < growth_.size(); ++c) {
    double sum = below + static_cast<double>(growth_[c]) * double{scale_.step} / levels_a_code;
    sum += above_[c] * std::max(0.0, double{highest_} - high);
    if (const uint32_t own = own_target_[c]; own != none && task_.weights[own] > 0)
      sum += std::max(0.0, double{highest_} - double{std::max(best_[own], scale_.low)});
    most_[c] = std::min(most_[c], finished(sum));
  }
}

// With room for the rounding of sums here and in growth().
double CoverageTable::finished(double sum) const {
  return double{weight_} * (sum * (1 + 6e-6) + 1e-9);
}

}  // namespace querist::kernels
