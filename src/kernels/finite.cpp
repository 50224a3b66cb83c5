// A number is finite when its exponent bits are not all ones; the loops are plain so that the
// compiler widens them.
#include "kernels/finite.h"

#include <atomic>
#include <cstring>

#include "base/threads.h"

namespace querist::kernels {

static bool finite_floats(const float* values, size_t n) {
  uint32_t bad = 0;
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    std::memcpy(&bits, values + i, sizeof bits);
    bad |= static_cast<uint32_t>((bits & 0x7f800000u) == 0x7f800000u);
  }
  return bad == 0;
}

static bool finite_halves(const uint16_t* values, size_t n) {
  uint16_t bad = 0;
  for (size_t i = 0; i < n; ++i)
    bad = static_cast<uint16_t>(bad | ((values[i] & 0x7c00) == 0x7c00));
  return bad == 0;
}

bool all_finite(const Features& features) {
  if (features.kind == Features::Kind::sparse) {
    if (features.rows == 0) return true;
    const int64_t begin = features.sparse.offsets[0];
    return finite_floats(features.sparse.values + begin,
                         static_cast<size_t>(features.sparse.offsets[features.rows] - begin));
  }
  std::atomic<bool> finite = true;
  parallel_for(features.rows, 4096, [&](size_t begin, size_t end) {
    const size_t start = begin * features.cols;
    const size_t count = (end - begin) * features.cols;
    const bool good = features.kind == Features::Kind::dense
                          ? finite_floats(features.dense + start, count)
                          : finite_halves(features.half + start, count);
    if (!good) finite = false;
  });
  return finite;
}

}  // namespace querist::kernels
