// A factor and an offset for each class's logit, shrunk towards leaving it as it is (Guo et al.
// 2017).
#include "calibrators/parts/softmax.h"
#include "calibrators/parts/softmax_fit.h"

namespace querist::calibrators {

// The state: the factors, then the offsets.
static void scale(std::span<const double> state, std::span<const double> logits,
                  std::span<double> mapped) {
  const size_t classes = logits.size();
  for (size_t k = 0; k < classes; ++k) mapped[k] = state[k] * logits[k] + state[classes + k];
}

static void add_slopes(std::span<const double> mapped, std::span<const double> logits,
                       std::span<double> slopes) {
  const size_t classes = logits.size();
  for (size_t k = 0; k < classes; ++k) {
    slopes[k] += mapped[k] * logits[k];
    slopes[classes + k] += mapped[k];
  }
}

static std::vector<double> fit(const CalibrationSet& set, const Params& params) {
  const size_t classes = set.logits.cols;
  std::vector<double> start(2 * classes);
  std::fill_n(start.begin(), classes, 1.0);
  return fit_softmax({2 * classes, scale, add_slopes}, set, start, params.number("ridge"));
}

static void apply(std::span<const double> state, DoubleView logits,
                  std::span<double> probabilities) {
  std::vector<double> mapped(logits.cols);
  for (size_t i = 0; i < logits.rows; ++i) {
    scale(state, logits.row(i), mapped);
    softmax(mapped, 1, probabilities.subspan(i * logits.cols, logits.cols));
  }
}

Calibrator vector_scaling() {
  return {
      .name = "vector_scaling",
      .summary = "A factor and an offset for each class's logit.",
      .params = {{.name = "ridge",
                  .fallback = 1.0,
                  .min = 1e-6,
                  .max = 1e6,
                  .help = "How strongly factors are held at 1 and offsets at 0, in labels."}},
      .fit = fit,
      .apply = apply,
      .fits = [](std::span<const double> state,
                 size_t classes) { return state.size() == 2 * classes; },
      .least_labels = [](size_t classes) { return 20 * 2 * classes; },
      .source = "Guo et al. 2017",
  };
}

}  // namespace querist::calibrators
