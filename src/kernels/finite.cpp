// Without their sign, the bits of floats are ordered as their values are, and a NaN's lie above
// infinity's; the loops are plain so that the compiler widens them.
#include "kernels/finite.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/threads.h"

namespace querist::kernels {

static bool finite_floats(const float* values, size_t n, float limit) {
  const auto most = std::bit_cast<int32_t>(limit);
  int32_t bad = 0;
  for (size_t i = 0; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, values + i, sizeof bits);
    bad |= static_cast<int32_t>((bits & 0x7fffffff) >= most);
  }
  return bad == 0;
}

static bool finite_halves(const uint16_t* values, size_t n) {
  uint16_t bad = 0;
  for (size_t i = 0; i < n; ++i)
    bad = static_cast<uint16_t>(bad | ((values[i] & 0x7c00) == 0x7c00));
  return bad == 0;
}

bool all_finite(const Features& features, float limit) {
  if (features.kind == Features::Kind::sparse) {
    if (features.rows == 0) return true;
    const int64_t begin = features.sparse.offsets[0];
    return finite_floats(features.sparse.values + begin,
                         static_cast<size_t>(features.sparse.offsets[features.rows] - begin),
                         limit);
  }
  std::atomic<bool> finite = true;
  parallel_for(features.rows, 4096, [&](size_t begin, size_t end) {
    const size_t start = begin * features.cols;
    const size_t count = (end - begin) * features.cols;
    const bool good = features.kind == Features::Kind::dense
                          ? finite_floats(features.dense + start, count, limit)
                          : finite_halves(features.half + start, count);
    if (!good) finite = false;
  });
  return finite;
}

std::vector<RowFault> row_faults(const Features& features) {
  QUERIST_CHECK(features.kind != Features::Kind::sparse);
  std::vector<RowFault> faults(features.rows, RowFault::none);
  parallel_for(features.rows, 4096, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      for (size_t j = 0; j < features.cols; ++j) {
        const size_t at = i * features.cols + j;
        const float value = features.kind == Features::Kind::dense
                                ? features.dense[at]
                                : half_to_float(features.half[at]);
        if (std::isnan(value)) faults[i] = std::max(faults[i], RowFault::nan);
        if (std::abs(value) >= largest_moderate)
          faults[i] = std::max(faults[i], RowFault::too_large);
        if (std::isinf(value)) faults[i] = std::max(faults[i], RowFault::infinite);
      }
    }
  });
  return faults;
}

static RowFault probability_fault(std::span<const float> row, bool sums_to_one, double tolerance) {
  double sum = 0;
  float least = 0, most = 0;
  for (const float p : row) {
    sum += p;
    least = std::min(least, p);
    most = std::max(most, p);
  }
  if (std::isnan(sum)) {
    for (const float p : row) {
      if (std::isinf(p)) return RowFault::infinite;
    }
    return RowFault::nan;
  }
  if (std::isinf(sum)) return RowFault::infinite;
  if (least < -tolerance || most > 1 + tolerance) return RowFault::not_probabilities;
  if (sums_to_one && std::abs(sum - 1) > tolerance) return RowFault::not_probabilities;
  return RowFault::none;
}

bool probabilities_sound(MatrixView probabilities, bool sums_to_one, double tolerance,
                         std::vector<RowFault>& faults) {
  std::atomic<bool> sound = true;
  const auto scan = [&](auto found) {
    parallel_for(probabilities.rows, 8192, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const auto fault = probability_fault(probabilities.row(i), sums_to_one, tolerance);
        if (fault != RowFault::none) found(i, fault);
      }
    });
  };
  scan([&](size_t, RowFault) { sound = false; });
  if (sound) return true;
  faults.assign(probabilities.rows, RowFault::none);
  scan([&](size_t i, RowFault fault) { faults[i] = fault; });
  return false;
}

}  // namespace querist::kernels
