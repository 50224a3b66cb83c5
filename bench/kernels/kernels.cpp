// Each kernel beside the plain loop it replaces, in one run, so that their ratio holds on a busy
// machine too.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/bfloat16_products.h"
#include "kernels/center_panels.h"
#include "kernels/coverage.h"
#include "kernels/linear_probabilities.h"
#include "kernels/row_dots.h"

namespace querist::kernels {

static constexpr size_t rows = 16'384;
static constexpr size_t cols = 384;
static constexpr size_t classes = 10;

// Features in both kinds with the same numbers, a head, and all row numbers.
struct Data {
  Matrix x = Matrix(rows, cols);
  Matrix weights = Matrix(classes, cols);
  std::vector<uint16_t> half = std::vector<uint16_t>(rows * cols);
  std::vector<float> bias = std::vector<float>(classes);
  std::vector<int64_t> all = std::vector<int64_t>(rows);

  Data() {
    Rng rng(1);
    for (size_t i = 0; i < half.size(); ++i) {
      half[i] = float_to_half(static_cast<float>(rng.normal()) * 0.05f);
      x.values[i] = half_to_float(half[i]);
    }
    for (float& w : weights.values) w = static_cast<float>(rng.normal());
    std::iota(all.begin(), all.end(), 0);
  }
  Features features(bool is_half) const {
    return is_half ? Features::of_half(rows, cols, half.data()) : Features(x);
  }
};

static const Data& data() {
  static const Data made;
  return made;
}

static void count(benchmark::State& state, size_t items) {
  state.SetItemsProcessed(static_cast<int64_t>(items) * state.iterations());
}

static void linear_probabilities_fused(benchmark::State& state) {
  const Features x = data().features(state.range(0) == 1);
  std::vector<float> out(rows * classes);
  for (auto _ : state) {
    linear_probabilities(x, data().weights, data().bias, out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, rows);
}

// The plain loops read through pointers taken once: what remains is the loop itself.
template <class Value>
static float plain_dot(const Value* a, const float* b) {
  float sum = 0;
  for (size_t j = 0; j < cols; ++j) {
    if constexpr (std::is_same_v<Value, uint16_t>) {
      sum += half_to_float(a[j]) * b[j];
    } else {
      sum += a[j] * b[j];
    }
  }
  return sum;
}

static void linear_probabilities_plain(benchmark::State& state) {
  const bool is_half = state.range(0) == 1;
  const float* x = data().x.values.data();
  const uint16_t* half = data().half.data();
  const float* weights = data().weights.values.data();
  const float* bias = data().bias.data();
  std::vector<float> out(rows * classes);
  for (auto _ : state) {
    for (size_t i = 0; i < rows; ++i) {
      float* row = out.data() + i * classes;
      for (size_t c = 0; c < classes; ++c) {
        const float* weight = weights + c * cols;
        row[c] = bias[c] +
                 (is_half ? plain_dot(half + i * cols, weight) : plain_dot(x + i * cols, weight));
      }
      const float top = *std::max_element(row, row + classes);
      float total = 0;
      for (size_t c = 0; c < classes; ++c) total += row[c] = std::exp(row[c] - top);
      for (size_t c = 0; c < classes; ++c) row[c] /= total;
    }
    benchmark::DoNotOptimize(out.data());
  }
  count(state, rows);
}

static void row_dots_wide(benchmark::State& state) {
  const Features x = data().features(state.range(0) == 1);
  std::vector<float> out(rows);
  for (auto _ : state) {
    row_dots(x, data().all, data().weights.row(0), out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, rows);
}

static void row_dots_plain(benchmark::State& state) {
  const bool is_half = state.range(0) == 1;
  const float* x = data().x.values.data();
  const uint16_t* half = data().half.data();
  const float* point = data().weights.values.data();
  std::vector<float> out(rows);
  for (auto _ : state) {
    for (size_t i = 0; i < rows; ++i) {
      out[i] = is_half ? plain_dot(half + i * cols, point) : plain_dot(x + i * cols, point);
    }
    benchmark::DoNotOptimize(out.data());
  }
  count(state, rows);
}

static constexpr size_t targets = 1000;
static constexpr size_t candidates = 2000;

// The kernel matrix and the first gains, which a single pick needs whole.
static void coverage_engine(benchmark::State& state) {
  const std::vector<float> weights(targets, 1);
  const std::span<const int64_t> all = data().all;
  const CoverageTask task = {
      data().x, all.first(targets), weights, all.subspan(targets, candidates), {}, {.value = 0.5f}};
  for (auto _ : state) {
    CoverageMemory memory;
    benchmark::DoNotOptimize(greedy_coverage(task, 1, memory));
  }
  count(state, targets * candidates);
}

static void coverage_plain(benchmark::State& state) {
  const float* x = data().x.values.data();
  for (auto _ : state) {
    float best = 0;
    for (size_t c = targets; c < targets + candidates; ++c) {
      float gain = 0;
      for (size_t t = 0; t < targets; ++t) {
        float distance = 0;
        for (size_t j = 0; j < cols; ++j) {
          const float gap = x[c * cols + j] - x[t * cols + j];
          distance += gap * gap;
        }
        gain += std::exp(-0.5f * distance);
      }
      best = std::max(best, gain);
    }
    benchmark::DoNotOptimize(best);
  }
  count(state, targets * candidates);
}

static constexpr size_t exponents = 65'536;

static std::vector<float> some_exponents() {
  std::vector<float> values(exponents);
  for (size_t i = 0; i < exponents; ++i) values[i] = -static_cast<float>(i % 1000) / 50;
  return values;
}

static void exponentiate_wide(benchmark::State& state) {
  const std::vector<float> from = some_exponents();
  std::vector<float> values(exponents);
  for (auto _ : state) {
    values = from;
    exponentiate(values);
    benchmark::DoNotOptimize(values.data());
  }
  count(state, exponents);
}

static void exponentiate_plain(benchmark::State& state) {
  const std::vector<float> from = some_exponents();
  std::vector<float> values(exponents);
  for (auto _ : state) {
    for (size_t i = 0; i < exponents; ++i) values[i] = std::exp(from[i]);
    benchmark::DoNotOptimize(values.data());
  }
  count(state, exponents);
}

// The same kernel with its filter in bfloat16, where this machine has one, and without.
static void nearest_of_1024(benchmark::State& state, Bfloat16Mode mode) {
  set_bfloat16_mode(mode);
  const CenterPanels centers(MatrixView(1024, cols, data().x.values.data()));
  std::vector<int32_t> nearest(rows);
  std::vector<float> squared(rows);
  for (auto _ : state) {
    nearest_centers(data().x, data().all, centers, nearest, squared);
    benchmark::DoNotOptimize(nearest.data());
  }
  set_bfloat16_mode(Bfloat16Mode::where_fast);
  count(state, rows);
}

static void nearest_centers_filtered(benchmark::State& state) {
  nearest_of_1024(state, Bfloat16Mode::where_fast);
}

static void nearest_centers_float32(benchmark::State& state) {
  nearest_of_1024(state, Bfloat16Mode::never);
}

BENCHMARK(linear_probabilities_fused)->ArgName("half")->Arg(0)->Arg(1);
BENCHMARK(linear_probabilities_plain)->ArgName("half")->Arg(0)->Arg(1);
BENCHMARK(row_dots_wide)->ArgName("half")->Arg(0)->Arg(1);
BENCHMARK(row_dots_plain)->ArgName("half")->Arg(0)->Arg(1);
BENCHMARK(coverage_engine);
BENCHMARK(coverage_plain);
BENCHMARK(exponentiate_wide);
BENCHMARK(exponentiate_plain);
BENCHMARK(nearest_centers_filtered);
BENCHMARK(nearest_centers_float32);

}  // namespace querist::kernels

// One thread on both sides: the ratio is the kernel's, not the number of cores'.
int main(int argc, char** argv) {
  querist::set_threads(1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
