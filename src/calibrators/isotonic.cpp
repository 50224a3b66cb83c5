// A rising step-like curve of each class's probability (Zadrozny and Elkan 2002).
#include "calibrators/parts/pool_adjacent.h"
#include "calibrators/parts/softmax.h"

namespace querist::calibrators {

// Two classes need one curve, that of class 1.
static size_t curves(size_t classes) { return classes == 2 ? 1 : classes; }
static size_t class_of(size_t curve, size_t classes) { return classes == 2 ? 1 : curve; }

// The state: for each curve the number of knots, their x, and their y.
static std::vector<double> fit(const CalibrationSet& set, const Params& params) {
  const size_t classes = set.logits.cols;
  const size_t rows = set.logits.rows;
  std::vector<double> p(rows * classes);
  std::vector<double> weights(rows);
  double total = 0;
  for (size_t i = 0; i < rows; ++i) {
    softmax(set.logits.row(i), 1, std::span(p).subspan(i * classes, classes));
    total += weights[i] = weight_of(set, i);
  }
  const double floor = params.number("floor");
  const double least = floor / (total + 2 * floor);
  std::vector<double> state;
  std::vector<double> x(rows);
  std::vector<double> y(rows);
  for (size_t at = 0; at < curves(classes); ++at) {
    const size_t cls = class_of(at, classes);
    for (size_t i = 0; i < rows; ++i) {
      x[i] = p[i * classes + cls];
      y[i] = set.labels[i] == static_cast<int32_t>(cls);
    }
    const RisingCurve curve = pool_adjacent(x, y, weights);
    state.push_back(static_cast<double>(curve.x.size()));
    state.insert(state.end(), curve.x.begin(), curve.x.end());
    for (const double value : curve.y) state.push_back(std::clamp(value, least, 1 - least));
  }
  return state;
}

// The curves of a state; empty where it holds none.
static std::vector<RisingCurve> read(std::span<const double> state, size_t classes) {
  std::vector<RisingCurve> all;
  while (!state.empty()) {
    const double count = state[0];
    if (!(count >= 1 && count == std::floor(count) &&
          2 * count + 1 <= static_cast<double>(state.size()))) {
      return {};
    }
    const auto knots = static_cast<size_t>(count);
    const auto x = state.subspan(1, knots);
    const auto y = state.subspan(1 + knots, knots);
    for (size_t i = 0; i < knots; ++i) {
      if (!(y[i] >= 0 && y[i] <= 1)) return {};
      if (i > 0 && !(x[i] > x[i - 1] && y[i] >= y[i - 1])) return {};
    }
    all.push_back({{x.begin(), x.end()}, {y.begin(), y.end()}});
    state = state.subspan(1 + 2 * knots);
  }
  if (all.size() != curves(classes)) return {};
  return all;
}

static void apply(std::span<const double> state, DoubleView logits,
                  std::span<double> probabilities) {
  const size_t classes = logits.cols;
  const std::vector<RisingCurve> all = read(state, classes);
  for (size_t i = 0; i < logits.rows; ++i) {
    const auto out = probabilities.subspan(i * classes, classes);
    softmax(logits.row(i), 1, out);
    for (size_t at = 0; at < all.size(); ++at) {
      double& p = out[class_of(at, classes)];
      p = all[at].at(p);
    }
    if (classes == 2) {
      out[0] = 1 - out[1];
    } else {
      normalise(out);
    }
  }
}

Calibrator isotonic() {
  return {
      .name = "isotonic",
      .summary = "Any rising curve of each class's probability; needs many labels.",
      .params = {{.name = "floor",
                  .fallback = 0.5,
                  .min = 0,
                  .max = 100,
                  .help = "Labels that each end is taken to have besides: no probability gets "
                          "nearer to 0 or 1 than floor / (labels + 2 floor)."}},
      .fit = fit,
      .apply = apply,
      .fits = [](std::span<const double> state,
                 size_t classes) { return !read(state, classes).empty(); },
      .least_labels = [](size_t) { return size_t{1000}; },
      .source = "Zadrozny and Elkan 2002",
  };
}

}  // namespace querist::calibrators
