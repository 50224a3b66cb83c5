// New rows meet the known ones in blocks; only what is new is computed.
#include "kernels/coverage_memory.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "kernels/coverage_rows.h"

namespace querist::kernels {

static constexpr size_t block_rows = 256;          // New rows at a time: bounds the scratch.
static constexpr size_t kept_bytes = 64ull << 20;  // Of distances from candidates to targets.
static constexpr float far = std::numeric_limits<float>::infinity();

WideRows::WideRows(const Features& x, std::span<const int64_t> rows)
    : values(widened_rows(x, rows)), norms(row_norms(values)) {}

void WideRows::append(const WideRows& more) {
  values.values.insert(values.values.end(), more.values.values.begin(), more.values.values.end());
  values.cols = more.values.cols;
  values.rows += more.values.rows;
  norms.insert(norms.end(), more.norms.begin(), more.norms.end());
}

static bool lies_the_same(const Features& a, const Features& b) {
  return a.kind == b.kind && a.rows == b.rows && a.cols == b.cols && a.dense == b.dense &&
         a.half == b.half;
}

void CoverageMemory::look_at(const Features& x) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse);
  if (!lies_the_same(x, x_)) *this = {};
  x_ = x;
}

void CoverageMemory::look_at(const Features& x, std::span<const int64_t> targets) {
  look_at(x);
  if (!targets_.empty() && std::ranges::equal(targets, targets_)) return;
  targets_.assign(targets.begin(), targets.end());
  target_rows_ = WideRows(x, targets_);
  covering_.clear();
  nearest_.assign(targets_.size(), far);
  distances_.clear();
}

// The rows that `known` lacks. False if `known` holds others than `rows`: then all of them.
static bool forget_unless_grown(std::vector<int64_t>& known, std::span<const int64_t> rows,
                                std::vector<int64_t>& added) {
  const bool grown = std::ranges::includes(rows, known);
  if (!grown) known.clear();
  std::ranges::set_difference(rows, known, std::back_inserter(added));
  known.assign(rows.begin(), rows.end());
  return grown;
}

static std::span<const int64_t> part(const std::vector<int64_t>& rows, size_t from) {
  return std::span(rows).subspan(from, std::min(block_rows, rows.size() - from));
}

std::span<const float> CoverageMemory::nearest_labeled(std::span<const int64_t> labeled) {
  std::vector<int64_t> added;
  if (!forget_unless_grown(covering_, labeled, added)) nearest_.assign(targets_.size(), far);
  for (size_t from = 0; from < added.size(); from += block_rows) {
    const WideRows fresh(x_, part(added, from));
    scratch_.resize(fresh.norms.size() * targets_.size());
    row_distances(fresh.panel(), target_rows_.panel(), scratch_.data());
    for (size_t i = 0; i < fresh.norms.size(); ++i) {
      const float* row = scratch_.data() + i * targets_.size();
      for (size_t t = 0; t < nearest_.size(); ++t) nearest_[t] = std::min(nearest_[t], row[t]);
    }
  }
  return nearest_;
}

std::span<const float> CoverageMemory::labeled_gaps(std::span<const int64_t> labeled) {
  std::vector<int64_t> added;
  if (!forget_unless_grown(gap_rows_, labeled, added)) {
    gap_values_ = {};
    gaps_.clear();
  }
  for (size_t from = 0; from < added.size(); from += block_rows) {
    const WideRows fresh(x_, part(added, from));
    const size_t before = gaps_.size();
    gap_values_.append(fresh);
    gaps_.resize(before + fresh.norms.size(), far);
    scratch_.resize(fresh.norms.size() * gaps_.size());
    row_distances(fresh.panel(), gap_values_.panel(), scratch_.data());
    for (size_t i = 0; i < fresh.norms.size(); ++i) {
      const float* row = scratch_.data() + i * gaps_.size();
      float& own = gaps_[before + i];
      for (size_t other = 0; other < gaps_.size(); ++other) {
        if (other == before + i) continue;  // A row is not its own neighbour.
        own = std::min(own, row[other]);
        gaps_[other] = std::min(gaps_[other], row[other]);
      }
    }
  }
  return gaps_;
}

std::vector<const float*> CoverageMemory::to_targets(std::span<const int64_t> candidates) {
  std::unordered_map<int64_t, std::vector<float>> wanted;
  wanted.reserve(candidates.size());
  std::vector<int64_t> missing;
  std::vector<const float*> rows(candidates.size());
  std::vector<size_t> places;
  for (size_t i = 0; i < candidates.size(); ++i) {
    auto node = distances_.extract(candidates[i]);
    if (node.empty()) {
      missing.push_back(candidates[i]);
      places.push_back(i);
      continue;
    }
    rows[i] = node.mapped().data();
    wanted.insert(std::move(node));
  }
  distances_ = std::move(wanted);
  for (size_t from = 0; from < missing.size(); from += block_rows) {
    const WideRows fresh(x_, part(missing, from));
    scratch_.resize(fresh.norms.size() * targets_.size());
    row_distances(fresh.panel(), target_rows_.panel(), scratch_.data());
    for (size_t i = 0; i < fresh.norms.size(); ++i) {
      const float* row = scratch_.data() + i * targets_.size();
      auto& kept = distances_[missing[from + i]];
      kept.assign(row, row + targets_.size());
      rows[places[from + i]] = kept.data();
    }
  }
  return rows;
}

void CoverageMemory::trim() {
  const size_t most = kept_bytes / std::max<size_t>(1, 4 * targets_.size());
  while (distances_.size() > most) distances_.erase(distances_.begin());
}

float CoverageMemory::typical_radius(const std::function<float()>& compute) {
  if (!radius_) radius_ = compute();
  return *radius_;
}

float CoverageMemory::median_distance(const std::function<float()>& compute) {
  if (!median_) median_ = compute();
  return *median_;
}

const Matrix& CoverageMemory::centers(size_t clusters, const std::function<Matrix()>& compute) {
  if (clusters_ != clusters) {
    centers_ = compute();
    clusters_ = clusters;
  }
  return centers_;
}

std::span<const float> CoverageMemory::target_discounts(
    std::span<const int64_t> targets, const std::function<std::vector<float>()>& compute) {
  if (!std::ranges::equal(targets, discounted_)) {
    discounts_ = compute();
    discounted_.assign(targets.begin(), targets.end());
  }
  return discounts_;
}

}  // namespace querist::kernels
