// Highway source of the loop that does nothing but multiply and add; plain reads and /proc for the
// rest.
#include "roofline.h"

#include <hwy/targets.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>

#include "base/clock.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "roofline.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Does 2 · 12 · lanes flops a round; returns a number that needs all of them.
float MultiplyAdds(size_t rounds, size_t* lanes) {
  const hn::ScalableTag<float> d;
  using Vector = hn::Vec<decltype(d)>;
  *lanes = hn::Lanes(d);
  Vector sums[12];  // More chains than a multiply-add takes cycles, and all in registers.
#pragma GCC unroll 12
  for (int s = 0; s < 12; ++s) sums[s] = hn::Set(d, static_cast<float>(s));
  const auto factor = hn::Set(d, 0.5f);
  const auto term = hn::Set(d, static_cast<float>(rounds));
  for (size_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int s = 0; s < 12; ++s) sums[s] = hn::MulAdd(sums[s], factor, term);
  }
  auto total = hn::Zero(d);
#pragma GCC unroll 12
  for (int s = 0; s < 12; ++s) total = hn::Add(total, sums[s]);
  return hn::GetLane(hn::SumOfLanes(d, total));
}

}  // namespace querist::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::bench {

HWY_EXPORT(MultiplyAdds);

template <class Work>
static void keep_best(Rate& best, Work work) {
  const double wall = monotonic_seconds();
  const double processor = cpu_seconds();
  const double done = work();
  best.wall = std::max(best.wall, done / (monotonic_seconds() - wall));
  best.processor = std::max(best.processor, done / (cpu_seconds() - processor));
}

Rate peak_flops() {
  constexpr size_t rounds = 1'000'000;
  Rate best;
  std::atomic<size_t> odd = 0;  // Keeps the sums from being left out.
  for (int pass = 0; pass < 5; ++pass) {
    std::atomic<size_t> flops = 0;
    keep_best(best, [&] {
      parallel_for(thread_count() * 4, 1, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          size_t lanes = 0;
          odd += HWY_DYNAMIC_DISPATCH(MultiplyAdds)(rounds, &lanes) < 0 ? 1 : 0;
          flops += 2 * 12 * lanes * rounds;
        }
      });
      return odd == 0 ? static_cast<double>(flops) : 0;
    });
  }
  return best;
}

Rate read_bandwidth(const Features& x) {
  Rate best;
  for (int pass = 0; pass < 5; ++pass) {
    std::atomic<uint64_t> total = 0;
    keep_best(best, [&] {
      parallel_for(x.rows, 1024, [&](size_t begin, size_t end) {
        const auto* words = reinterpret_cast<const uint64_t*>(x.half + begin * x.cols);
        uint64_t sums[8] = {};
        for (size_t i = 0; i < (end - begin) * x.cols / 4; i += 8) {
          for (size_t lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
        }
        for (const uint64_t sum : sums) total += sum;
      });
      return total != 0 ? static_cast<double>(x.rows * x.cols * 2) : 0;
    });
  }
  return best;
}

std::string vector_name() {
  const auto targets = hwy::SupportedTargets();
  return hwy::TargetName(targets & -targets);
}

double load_average() {
  double loads[1] = {};
  return getloadavg(loads, 1) == 1 ? loads[0] : -1;
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace querist::bench
#endif
