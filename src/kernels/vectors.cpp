// Highway chooses at run time; a limit hides the wider targets from it.
#include "kernels/vectors.h"

#include <hwy/targets.h>

#include "base/error.h"

namespace querist::kernels {

// A level and all narrower targets: in Highway's masks a wider target has a lower bit.
struct Level {
  std::string_view name;
  int64_t lowest;
};

static constexpr Level levels[] = {{"sse4", HWY_SSE4}, {"avx2", HWY_AVX2}, {"avx512", HWY_AVX3}};

// What the machine has, whatever limit is set.
static int64_t machine_targets() {
  static const int64_t targets = [] {
    hwy::SetSupportedTargetsForTest(0);
    return hwy::SupportedTargets();
  }();
  return targets;
}

std::vector<std::string_view> supported_vectors() {
  std::vector<std::string_view> names;
  for (const Level& level : levels) {
    if (machine_targets() & level.lowest) names.push_back(level.name);
  }
  return names;
}

void limit_vectors(std::string_view widest) {
  const int64_t machine = machine_targets();
  if (widest == "widest" || widest.empty()) {
    hwy::SetSupportedTargetsForTest(0);
    return;
  }
  for (const Level& level : levels) {
    if (level.name != widest) continue;
    if (!(machine & level.lowest)) refuse("this machine has no {}", widest);
    // AVX-512 has targets of its own below its first bit.
    const int64_t allowed = level.name == "avx512" ? machine : machine & ~(level.lowest - 1);
    hwy::SetSupportedTargetsForTest(allowed);
    return;
  }
  refuse("vectors must be sse4, avx2, avx512 or widest, not \"{}\"", widest);
}

}  // namespace querist::kernels
