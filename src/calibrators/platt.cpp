// A sigmoid of each class's score against the rest (Platt 1999; Lin, Lin and Weng 2007).
#include "calibrators/parts/softmax.h"

namespace querist::calibrators {

// The score of a class: its logit less ln of the others' exponentials.
static double score(std::span<const double> z, size_t cls) {
  double top = -INFINITY;
  for (size_t k = 0; k < z.size(); ++k) top = k == cls ? top : std::max(top, z[k]);
  double sum = 0;
  for (size_t k = 0; k < z.size(); ++k) sum += k == cls ? 0 : std::exp(z[k] - top);
  return z[cls] - top - std::log(sum);
}

// Two classes need one sigmoid, that of class 1.
static size_t sigmoids(size_t classes) { return classes == 2 ? 1 : classes; }
static size_t class_of(size_t sigmoid, size_t classes) { return classes == 2 ? 1 : sigmoid; }

struct Rows {
  std::vector<double> scores;
  std::vector<double> targets;
  std::vector<double> weights;
};

// Platt's targets: one label of each side more than was seen, so that none is surely 0 or 1.
static Rows rows_of(const CalibrationSet& set, size_t cls) {
  Rows rows;
  double inside = 0;
  double outside = 0;
  for (size_t i = 0; i < set.logits.rows; ++i) {
    rows.scores.push_back(score(set.logits.row(i), cls));
    rows.weights.push_back(weight_of(set, i));
    (set.labels[i] == static_cast<int32_t>(cls) ? inside : outside) += rows.weights.back();
  }
  for (const int32_t label : set.labels) {
    const bool is = label == static_cast<int32_t>(cls);
    rows.targets.push_back(is ? (inside + 1) / (inside + 2) : 1 / (outside + 2));
  }
  return rows;
}

// The loss of p = 1 / (1 + exp(a f + b)); kept from overflow on either side.
static double loss(const Rows& rows, double a, double b) {
  double sum = 0;
  for (size_t i = 0; i < rows.scores.size(); ++i) {
    const double x = a * rows.scores[i] + b;
    const double cost = x >= 0 ? rows.targets[i] * x + std::log1p(std::exp(-x))
                               : (rows.targets[i] - 1) * x + std::log1p(std::exp(x));
    sum += rows.weights[i] * cost;
  }
  return sum;
}

static std::pair<double, double> fit_sigmoid(const Rows& rows) {
  double inside = 0;
  double total = 0;
  for (size_t i = 0; i < rows.scores.size(); ++i) {
    inside += rows.weights[i] * rows.targets[i];
    total += rows.weights[i];
  }
  double a = 0;
  double b = std::log((total - inside) / inside);
  double value = loss(rows, a, b);
  for (int step = 0; step < 200; ++step) {
    double slope_a = 0, slope_b = 0, aa = 1e-12, ab = 0, bb = 1e-12;
    for (size_t i = 0; i < rows.scores.size(); ++i) {
      const double f = rows.scores[i];
      const double p = 1 / (1 + std::exp(a * f + b));
      const double gap = rows.weights[i] * (rows.targets[i] - p);
      const double bend = rows.weights[i] * p * (1 - p);
      slope_a += gap * f;
      slope_b += gap;
      aa += bend * f * f;
      ab += bend * f;
      bb += bend;
    }
    if (std::abs(slope_a) + std::abs(slope_b) < 1e-11 * total) break;
    const double determinant = aa * bb - ab * ab;
    const double move_a = -(bb * slope_a - ab * slope_b) / determinant;
    const double move_b = -(aa * slope_b - ab * slope_a) / determinant;
    const double slope = slope_a * move_a + slope_b * move_b;
    double share = 1;
    // Newton squares what is left, so the next full step is the last: rounding hides its gain.
    const bool settled = -slope < 1e-12 * value;
    double next = settled ? value : loss(rows, a + move_a, b + move_b);
    for (; !settled && !(next <= value + 1e-4 * share * slope) && share > 1e-12;) {
      share /= 2;
      next = loss(rows, a + share * move_a, b + share * move_b);
    }
    // Beyond the last digit no step is seen to gain: take a last full one, and stop.
    const bool last = settled || share <= 1e-12;
    a += last ? move_a : share * move_a;
    b += last ? move_b : share * move_b;
    value = next;
    if (last) break;
  }
  return {a, b};
}

static std::vector<double> fit(const CalibrationSet& set, const Params&) {
  std::vector<double> state;
  const size_t classes = set.logits.cols;
  for (size_t at = 0; at < sigmoids(classes); ++at) {
    const auto [a, b] = fit_sigmoid(rows_of(set, class_of(at, classes)));
    state.insert(state.end(), {a, b});
  }
  return state;
}

static void apply(std::span<const double> state, DoubleView logits,
                  std::span<double> probabilities) {
  const size_t classes = logits.cols;
  for (size_t i = 0; i < logits.rows; ++i) {
    const auto out = probabilities.subspan(i * classes, classes);
    for (size_t at = 0; at < sigmoids(classes); ++at) {
      const size_t cls = class_of(at, classes);
      out[cls] = 1 / (1 + std::exp(state[2 * at] * score(logits.row(i), cls) + state[2 * at + 1]));
    }
    if (classes == 2) {
      out[0] = 1 - out[1];
    } else {
      normalise(out);
    }
  }
}

Calibrator platt() {
  return {
      .name = "platt",
      .summary = "A sigmoid of each class's score against the rest; two numbers a class.",
      .fit = fit,
      .apply = apply,
      .fits = [](std::span<const double> state,
                 size_t classes) { return state.size() == 2 * sigmoids(classes); },
      .least_labels = [](size_t classes) { return 40 * sigmoids(classes); },
      .source = "Platt 1999; Lin, Lin and Weng 2007",
  };
}

}  // namespace querist::calibrators
