// One pass over the rows for each measure.
#include "kernels/uncertainty.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/threads.h"

namespace querist::kernels {

template <class Measure>
static void each_row(std::span<const float> probabilities, size_t classes, std::span<float> out,
                     Measure measure) {
  QUERIST_CHECK(classes > 0 && probabilities.size() == out.size() * classes);
  parallel_for(out.size(), 8192, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) out[i] = measure(probabilities.data() + i * classes);
  });
}

void least_confidences(std::span<const float> probabilities, size_t classes, std::span<float> out) {
  each_row(probabilities, classes, out,
           [classes](const float* p) { return 1 - *std::max_element(p, p + classes); });
}

struct TopTwo {
  float first = 0;
  float second = 0;
};

static TopTwo top_two(const float* p, size_t classes) {
  TopTwo top{p[0], 0};
  for (size_t c = 1; c < classes; ++c) {
    top.second = std::max(top.second, std::min(top.first, p[c]));
    top.first = std::max(top.first, p[c]);
  }
  return top;
}

void margins(std::span<const float> probabilities, size_t classes, std::span<float> out) {
  each_row(probabilities, classes, out, [classes](const float* p) {
    const TopTwo top = top_two(p, classes);
    return top.first - top.second;
  });
}

void ratios(std::span<const float> probabilities, size_t classes, std::span<float> out) {
  each_row(probabilities, classes, out, [classes](const float* p) {
    const TopTwo top = top_two(p, classes);
    return top.second / top.first;
  });
}

void entropies(std::span<const float> probabilities, size_t classes, std::span<float> out) {
  each_row(probabilities, classes, out, [classes](const float* p) {
    float sum = 0;
    for (size_t c = 0; c < classes; ++c) sum -= p[c] > 0 ? p[c] * std::log(p[c]) : 0;
    return sum;
  });
}

}  // namespace querist::kernels
