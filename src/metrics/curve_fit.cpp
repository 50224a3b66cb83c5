// Exact in a and b, searched in the shape.
#include "metrics/curve_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

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

// The logarithms of a law's c and half, labels counted in units of the largest.
struct Shape {
  double c = 0;
  double half = 0;
};

// The shapes that a form may have; `steps` to each side of the grid, 1: that side is fixed.
struct Shapes {
  Shape low;
  Shape high;
  size_t c_steps = 1;
  size_t half_steps = 1;
};

static Shapes shapes_of(CurveForm form) {
  const auto range = [](double c_low, double c_high, double half_low, double half_high) {
    return Shapes{{std::log(c_low), std::log(half_low)}, {std::log(c_high), std::log(half_high)}};
  };
  Shapes shapes;
  switch (form) {
    case CurveForm::power_law:
      shapes = range(0.05, 1.5, 1, 1);
      shapes.c_steps = 24;
      break;
    case CurveForm::exponential:
      // Faster ones have ended before the fitted part of a curve begins.
      shapes = range(0.2, 20, 1, 1);
      shapes.c_steps = 24;
      break;
    case CurveForm::mmf:
      shapes = range(0.3, 4, 0.02, 2);
      shapes.c_steps = shapes.half_steps = 12;
      break;
  }
  return shapes;
}

class Fitter {
 public:
  Fitter(std::span<const CurvePoint> points, CurveForm form)
      : points_(points), form_(form), shapes_(shapes_of(form)) {
    for (const CurvePoint& point : points) unit_ = std::max(unit_, point.labels);
    for (const CurvePoint& point : points) rows_.push_back({1 / point.variance, point.error});
    const auto at = [](double low, double high, size_t step, size_t steps) {
      const auto share = static_cast<double>(step) / static_cast<double>(steps - 1);
      return steps == 1 ? low : low + share * (high - low);
    };
    for (size_t i = 0; i < shapes_.c_steps; ++i) {
      for (size_t j = 0; j < shapes_.half_steps; ++j) {
        grid_.push_back({at(shapes_.low.c, shapes_.high.c, i, shapes_.c_steps),
                         at(shapes_.low.half, shapes_.high.half, j, shapes_.half_steps)});
        columns_.push_back(column(grid_.back()));
      }
    }
  }

  void set_errors(const std::function<double(const CurvePoint&)>& error) {
    for (size_t i = 0; i < points_.size(); ++i) rows_[i].error = error(points_[i]);
  }

  CurveLaw fit(bool refined) const {
    size_t best = 0;
    Line line;
    for (size_t i = 0; i < grid_.size(); ++i) {
      const Line one = nonnegative_line(rows_, columns_[i]);
      if (one.loss < line.loss) {
        line = one;
        best = i;
      }
    }
    Shape shape = grid_[best];
    if (refined && line.b > 0) refine(shape, line);
    return in_labels(shape, line);
  }

 private:
  CurveLaw with_shape(const Shape& shape) const {
    return {.c = std::exp(shape.c), .form = form_, .half = std::exp(shape.half)};
  }

  std::vector<double> column(const Shape& shape) const {
    const CurveLaw law = with_shape(shape);
    std::vector<double> out;
    for (const CurvePoint& point : points_) out.push_back(law.g(point.labels / unit_));
    return out;
  }

  CurveLaw in_labels(const Shape& shape, const Line& line) const {
    CurveLaw law = with_shape(shape);
    law.a = line.a;
    law.b = line.b;
    if (form_ == CurveForm::power_law) law.b *= std::pow(unit_, law.c);
    if (form_ == CurveForm::exponential) law.c /= unit_;
    law.half = form_ == CurveForm::mmf ? law.half * unit_ : 1;
    return law;
  }

  // Steps to the better of the neighbours, halved where none is better (compass search).
  void refine(Shape& shape, Line& line) const {
    const auto gap = [](double low, double high, size_t steps) {
      return steps == 1 ? 0 : (high - low) / static_cast<double>(steps - 1);
    };
    double c_step = gap(shapes_.low.c, shapes_.high.c, shapes_.c_steps) / 2;
    double half_step = gap(shapes_.low.half, shapes_.high.half, shapes_.half_steps) / 2;
    const int sides = half_step > 0 ? 4 : 2;
    for (int round = 0; round < 200 && c_step > 1e-7; ++round) {
      bool better = false;
      for (int side = 0; side < sides; ++side) {
        const double sign = side % 2 == 0 ? 1 : -1;
        Shape near = shape;
        (side < 2 ? near.c : near.half) += sign * (side < 2 ? c_step : half_step);
        near.c = std::clamp(near.c, shapes_.low.c, shapes_.high.c);
        near.half = std::clamp(near.half, shapes_.low.half, shapes_.high.half);
        const Line one = nonnegative_line(rows_, column(near));
        if (one.loss >= line.loss) continue;
        line = one;
        shape = near;
        better = true;
      }
      if (better) continue;
      c_step /= 2;
      half_step /= 2;
    }
  }

  std::span<const CurvePoint> points_;
  CurveForm form_;
  Shapes shapes_;
  double unit_ = 1;
  std::vector<Shape> grid_;
  std::vector<std::vector<double>> columns_;
  std::vector<Row> rows_;
};

CurveLaw fit_law(std::span<const CurvePoint> points, CurveForm form) {
  check(points);
  return Fitter(points, form).fit(true);
}

CurveChoice choose_form(std::span<const CurvePoint> points) {
  check(points);
  CurveChoice choice;
  if (points.size() < choice_minimum) return choice;
  std::vector<CurvePoint> ordered(points.begin(), points.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.labels < b.labels; });
  const size_t held = ordered.size() / 4;
  const auto earlier = std::span(ordered).first(ordered.size() - held);
  double least = 0;
  for (const auto form : {CurveForm::power_law, CurveForm::exponential, CurveForm::mmf}) {
    const CurveLaw law = fit_law(earlier, form);
    HeldOut one{form};
    for (const CurvePoint& point : std::span(ordered).last(held)) {
      const double gap = point.error - law.error(point.labels);
      one.error += std::abs(gap) / static_cast<double>(held);
      one.loss += gap * gap / point.variance;
    }
    choice.held_out.push_back(one);
    if (form == CurveForm::power_law) least = one.loss - 1;
    if (one.loss >= least) continue;
    least = one.loss;
    choice.form = form;
  }
  return choice;
}

CurveFit fit_curve(std::span<const CurvePoint> points, uint64_t seed, CurveForm form,
                   size_t resamples) {
  check(points);
  Fitter fitter(points, form);
  CurveFit curve{fitter.fit(true), {}};
  Rng rng(seed);
  for (size_t i = 0; i < resamples; ++i) {
    fitter.set_errors([&](const CurvePoint& point) {
      return curve.fit.error(point.labels) + std::sqrt(point.variance) * rng.normal();
    });
    // A step of the grid changes the shape little beside what the noise does.
    curve.resampled.push_back(fitter.fit(false));
  }
  return curve;
}

static size_t place(double share, size_t count) {
  return static_cast<size_t>(std::llround(share * static_cast<double>(count - 1)));
}

static Estimate percentiles(const CurveFit& curve,
                            const std::function<double(const CurveLaw&)>& quantity,
                            double confidence) {
  if (curve.resampled.empty()) refuse("an interval needs resampled fits");
  std::vector<double> values;
  for (const CurveLaw& law : curve.resampled) values.push_back(quantity(law));
  std::sort(values.begin(), values.end());
  const double value = quantity(curve.fit);
  const double low = values[place((1 - confidence) / 2, values.size())];
  const double high = values[place((1 + confidence) / 2, values.size())];
  return {value, std::min(low, value), std::max(high, value), curve_form_word(curve.fit.form)};
}

Estimate error_at(const CurveFit& curve, double labels, double confidence) {
  return percentiles(
      curve, [&](const CurveLaw& law) { return law.error(labels); }, confidence);
}

Estimate gain_between(const CurveFit& curve, double from, double to, double confidence) {
  return percentiles(
      curve, [&](const CurveLaw& law) { return law.error(from) - law.error(to); }, confidence);
}

LabelsTo labels_to(const CurveFit& curve, double error, double confidence) {
  if (!(error >= 0 && error <= 1)) refuse("an error lies between 0 and 1, not {}", error);
  constexpr double never = std::numeric_limits<double>::infinity();
  const auto total = percentiles(
      curve, [&](const CurveLaw& law) { return law.labels_to(error).value_or(never); }, confidence);
  const auto finite = [](double labels) {
    return std::isfinite(labels) ? std::optional(labels) : std::nullopt;
  };
  return {finite(total.value), finite(total.ci_low), finite(total.ci_high)};
}

}  // namespace querist::metrics
