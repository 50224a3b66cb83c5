// Exact in a and b, searched in c.
#include "metrics/curve_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

static constexpr double least_c = 0.05;
static constexpr double most_c = 1.5;
static constexpr size_t grid = 24;

double PowerLaw::error(double labels) const {
  return std::clamp(a + b * std::pow(labels, -c), 0.0, 1.0);
}

// a + b x with both at least 0, and the weighted squares that it leaves.
struct Line {
  double a = 0;
  double b = 0;
  double loss = std::numeric_limits<double>::infinity();
};

struct Row {
  double weight = 0;
  double error = 0;
};

static Line nonnegative_line(std::span<const Row> rows, std::span<const double> x) {
  double w = 0, wx = 0, wxx = 0, we = 0, wxe = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    w += rows[i].weight;
    wx += rows[i].weight * x[i];
    wxx += rows[i].weight * x[i] * x[i];
    we += rows[i].weight * rows[i].error;
    wxe += rows[i].weight * x[i] * rows[i].error;
  }
  const auto with_loss = [&](double a, double b) {
    Line line{a, b, 0};
    for (size_t i = 0; i < rows.size(); ++i) {
      const double gap = rows[i].error - a - b * x[i];
      line.loss += rows[i].weight * gap * gap;
    }
    return line;
  };
  const double determinant = w * wxx - wx * wx;
  if (determinant > 1e-12 * w * wxx) {
    const double a = (wxx * we - wx * wxe) / determinant;
    const double b = (w * wxe - wx * we) / determinant;
    if (a >= 0 && b >= 0) return with_loss(a, b);
  }
  // The squares are convex: outside the quadrant the best point lies on one of its edges.
  const Line flat = with_loss(std::max(0.0, we / w), 0);
  const Line steep = with_loss(0, std::max(0.0, wxe / wxx));
  return flat.loss <= steep.loss ? flat : steep;
}

static void check(std::span<const CurvePoint> points) {
  if (points.empty()) refuse("a curve needs at least one point");
  for (const CurvePoint& point : points) {
    const bool fits = point.labels >= 1 && std::isfinite(point.labels) && point.error >= 0 &&
                      point.error <= 1 && point.variance > 0 && std::isfinite(point.variance);
    if (!fits) {
      refuse("a point of a curve needs labels, an error and a variance, not {}, {} and {}",
             point.labels, point.error, point.variance);
    }
  }
}

// Labels are counted in units of the largest, so that powers stay near 1.
class Fitter {
 public:
  explicit Fitter(std::span<const CurvePoint> points) : points_(points) {
    for (const CurvePoint& point : points) unit_ = std::max(unit_, point.labels);
    for (size_t i = 0; i < grid; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(grid - 1);
      exponents_.push_back(least_c * std::pow(most_c / least_c, share));
      columns_.push_back(powers(exponents_.back()));
    }
    for (const CurvePoint& point : points) rows_.push_back({1 / point.variance, point.error});
  }

  void set_errors(const std::function<double(const CurvePoint&)>& error) {
    for (size_t i = 0; i < points_.size(); ++i) rows_[i].error = error(points_[i]);
  }

  PowerLaw fit(bool refined) const {
    size_t best = 0;
    Line line;
    for (size_t i = 0; i < grid; ++i) {
      const Line one = nonnegative_line(rows_, columns_[i]);
      if (one.loss < line.loss) {
        line = one;
        best = i;
      }
    }
    double c = exponents_[best];
    if (refined && line.b > 0) {
      const double finer =
          refine(exponents_[best > 0 ? best - 1 : 0], exponents_[std::min(best + 1, grid - 1)]);
      const Line refined_line = nonnegative_line(rows_, powers(finer));
      if (refined_line.loss <= line.loss) {
        line = refined_line;
        c = finer;
      }
    }
    return {line.a, line.b * std::pow(unit_, c), c};
  }

 private:
  std::vector<double> powers(double c) const {
    std::vector<double> out;
    for (const CurvePoint& point : points_) out.push_back(std::pow(point.labels / unit_, -c));
    return out;
  }

  // Golden section.
  double refine(double low, double high) const {
    const double ratio = (std::sqrt(5.0) - 1) / 2;
    const auto loss = [&](double c) { return nonnegative_line(rows_, powers(c)).loss; };
    double left = high - ratio * (high - low);
    double right = low + ratio * (high - low);
    double at_left = loss(left);
    double at_right = loss(right);
    for (int step = 0; step < 40; ++step) {
      if (at_left <= at_right) {
        high = right;
        right = left;
        at_right = at_left;
        left = high - ratio * (high - low);
        at_left = loss(left);
      } else {
        low = left;
        left = right;
        at_left = at_right;
        right = low + ratio * (high - low);
        at_right = loss(right);
      }
    }
    return (low + high) / 2;
  }

  std::span<const CurvePoint> points_;
  double unit_ = 1;
  std::vector<double> exponents_;
  std::vector<std::vector<double>> columns_;
  std::vector<Row> rows_;
};

PowerLaw fit_power_law(std::span<const CurvePoint> points) {
  check(points);
  return Fitter(points).fit(true);
}

CurveFit fit_curve(std::span<const CurvePoint> points, uint64_t seed, size_t resamples) {
  check(points);
  Fitter fitter(points);
  CurveFit curve{fitter.fit(true), {}};
  Rng rng(seed);
  for (size_t i = 0; i < resamples; ++i) {
    fitter.set_errors([&](const CurvePoint& point) {
      return curve.fit.error(point.labels) + std::sqrt(point.variance) * rng.normal();
    });
    // A step of the grid changes c by a sixth, little beside what the noise does.
    curve.resampled.push_back(fitter.fit(false));
  }
  return curve;
}

static Estimate percentiles(double value, std::vector<double> values, double confidence) {
  if (values.empty()) refuse("an interval needs resampled fits");
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    return values[static_cast<size_t>(std::llround(place))];
  };
  const double low = at((1 - confidence) / 2);
  const double high = at((1 + confidence) / 2);
  return {value, std::min(low, value), std::max(high, value), "power_law"};
}

Estimate error_at(const CurveFit& curve, double labels, double confidence) {
  std::vector<double> values;
  for (const PowerLaw& law : curve.resampled) values.push_back(law.error(labels));
  return percentiles(curve.fit.error(labels), std::move(values), confidence);
}

Estimate gain_between(const CurveFit& curve, double from, double to, double confidence) {
  const auto gain = [&](const PowerLaw& law) { return law.error(from) - law.error(to); };
  std::vector<double> values;
  for (const PowerLaw& law : curve.resampled) values.push_back(gain(law));
  return percentiles(gain(curve.fit), std::move(values), confidence);
}

}  // namespace querist::metrics
