// A matrix and offsets for the logarithms of the probabilities, shrunk towards leaving them as they
// are (Kull et al. 2019).
#include "calibrators/parts/softmax.h"
#include "calibrators/parts/softmax_fit.h"

namespace querist::calibrators {

// The state: the matrix row by row, then the offsets.
static void multiply(std::span<const double> state, std::span<const double> logs,
                     std::span<double> mapped) {
  const size_t classes = logs.size();
  for (size_t k = 0; k < classes; ++k) {
    double sum = state[classes * classes + k];
    for (size_t j = 0; j < classes; ++j) sum += state[k * classes + j] * logs[j];
    mapped[k] = sum;
  }
}

static void add_slopes(std::span<const double> mapped, std::span<const double> logs,
                       std::span<double> slopes) {
  const size_t classes = logs.size();
  for (size_t k = 0; k < classes; ++k) {
    for (size_t j = 0; j < classes; ++j) slopes[k * classes + j] += mapped[k] * logs[j];
    slopes[classes * classes + k] += mapped[k];
  }
}

// Logits less ln of the sum of their exponentials.
static std::vector<double> log_probabilities(DoubleView logits) {
  std::vector<double> logs(logits.rows * logits.cols);
  std::vector<double> p(logits.cols);
  for (size_t i = 0; i < logits.rows; ++i) {
    const double normal = softmax(logits.row(i), 1, p);
    for (size_t k = 0; k < logits.cols; ++k) logs[i * logits.cols + k] = logits.row(i)[k] - normal;
  }
  return logs;
}

static std::vector<double> fit(const CalibrationSet& set, const Params& params) {
  const size_t classes = set.logits.cols;
  const std::vector<double> logs = log_probabilities(set.logits);
  CalibrationSet read = set;
  read.logits.values = logs.data();
  std::vector<double> start(classes * (classes + 1));
  for (size_t k = 0; k < classes; ++k) start[k * classes + k] = 1;
  return fit_softmax({start.size(), multiply, add_slopes}, read, start, params.number("ridge"));
}

static void apply(std::span<const double> state, DoubleView logits,
                  std::span<double> probabilities) {
  const std::vector<double> logs = log_probabilities(logits);
  std::vector<double> mapped(logits.cols);
  for (size_t i = 0; i < logits.rows; ++i) {
    multiply(state, std::span(logs).subspan(i * logits.cols, logits.cols), mapped);
    softmax(mapped, 1, probabilities.subspan(i * logits.cols, logits.cols));
  }
}

Calibrator dirichlet() {
  return {
      .name = "dirichlet",
      .summary =
          "A matrix for the logarithms of the probabilities: mends classes that are taken "
          "for each other.",
      .params = {{.name = "ridge",
                  .fallback = 1.0,
                  .min = 1e-6,
                  .max = 1e6,
                  .help = "How strongly the matrix is held at the identity and offsets at 0, in "
                          "labels."}},
      .fit = fit,
      .apply = apply,
      .fits = [](std::span<const double> state,
                 size_t classes) { return state.size() == classes * (classes + 1); },
      .least_labels = [](size_t classes) { return 20 * classes * (classes + 1); },
      .source = "Kull et al. 2019",
  };
}

}  // namespace querist::calibrators
