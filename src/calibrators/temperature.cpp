// One temperature for all logits, shrunk towards 1 where labels are few (Guo et al. 2017).
#include "base/interrupt.h"
#include "calibrators/parts/softmax.h"

namespace querist::calibrators {

static constexpr double most = 10;  // |ln T| never goes beyond, as in scikit-learn.

// The log loss at ln T = u with the prior's u^2 / (2 deviation^2), and its two derivatives in u.
struct Point {
  double value = 0;
  double slope = 0;
  double bend = 0;
};

static Point objective(const CalibrationSet& set, double u, double deviation) {
  const double scale = std::exp(-u);
  std::vector<double> p(set.logits.cols);
  Point point;
  for (size_t i = 0; i < set.logits.rows; ++i) {
    const auto z = set.logits.row(i);
    const double own = z[static_cast<size_t>(set.labels[i])];
    const double weight = weight_of(set, i);
    point.value += weight * (softmax(z, scale, p) - scale * own);
    double mean = 0;
    for (size_t k = 0; k < p.size(); ++k) mean += p[k] * z[k];
    double variance = 0;
    for (size_t k = 0; k < p.size(); ++k) variance += p[k] * (z[k] - mean) * (z[k] - mean);
    // With b = 1 / T the derivatives are mean - own and variance in b, and db/du = -b.
    point.slope -= weight * scale * (mean - own);
    point.bend += weight * (scale * scale * variance + scale * (mean - own));
  }
  if (deviation > 0) {
    const double precision = 1 / (deviation * deviation);
    point.value += u * u * precision / 2;
    point.slope += u * precision;
    point.bend += precision;
  }
  return point;
}

static std::vector<double> fit(const CalibrationSet& set, const Params& params) {
  const double deviation = params.number("prior");
  // The minimum is no worse than T = 1, whose prior is nothing: that bounds u.
  double reach = most;
  if (deviation > 0)
    reach = std::min(most, deviation * std::sqrt(2 * objective(set, 0, deviation).value) + 1e-3);
  // Too flat logits may leave several minima: a scan finds the valley of the best.
  static constexpr int steps = 24;
  double u = 0;
  double best = INFINITY;
  for (int at = -steps; at <= steps; ++at) {
    check_interrupt();
    const double value = objective(set, reach * at / steps, deviation).value;
    if (value >= best) continue;
    best = value;
    u = reach * at / steps;
  }
  double low = std::max(-reach, u - reach / steps);
  double high = std::min(reach, u + reach / steps);
  // Newton within the bracket, halving it where a step would leave it.
  for (int step = 0; step < 200 && high - low > 1e-15; ++step) {
    const Point point = objective(set, u, deviation);
    (point.slope > 0 ? high : low) = u;
    double next = point.bend > 0 ? u - point.slope / point.bend : NAN;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - u) < 1e-14) break;
    u = next;
  }
  return {std::exp(u)};
}

static void apply(std::span<const double> state, DoubleView logits,
                  std::span<double> probabilities) {
  for (size_t i = 0; i < logits.rows; ++i)
    softmax(logits.row(i), 1 / state[0], probabilities.subspan(i * logits.cols, logits.cols));
}

Calibrator temperature() {
  return {
      .name = "temperature",
      .summary = "Divides all logits by one number; the order of classes stays.",
      .params = {{.name = "prior",
                  .fallback = 0.25,
                  .min = 0,
                  .max = 100,
                  .help = "Standard deviation of ln T about 0 that is taken for likely before any "
                          "label; 0: any T is as likely."}},
      .fit = fit,
      .apply = apply,
      .fits = [](std::span<const double> state,
                 size_t) { return state.size() == 1 && state[0] > 1e-6 && state[0] < 1e6; },
      .least_labels = [](size_t) { return size_t{1}; },
      .source = "Guo et al. 2017",
  };
}

}  // namespace querist::calibrators
