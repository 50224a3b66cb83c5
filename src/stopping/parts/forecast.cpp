// Audited models to points, a fit, and the same fit made earlier.
#include "stopping/parts/forecast.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "metrics/distributions.h"

namespace querist::stopping {

using Points = std::vector<metrics::CurvePoint>;

static constexpr size_t audit_minimum = 10;  // Fewer audit labels say nothing of a model.
static constexpr size_t most_points = 60;

static Points audited(const History& history) {
  const double width = 2 * metrics::normal_quantile(0.975);  // The audit's intervals hold 95 %.
  Points points;
  for (const ModelRecord& model : history.models) {
    if (!model.audit || model.audit_labels < audit_minimum || model.labels == 0) continue;
    // An interval without width would outweigh all others; no audit of n labels knows better than
    // half an error.
    const double least = 0.5 / static_cast<double>(model.audit_labels);
    const double deviation = std::max(least, (model.audit->ci_high - model.audit->ci_low) / width);
    points.push_back(
        {static_cast<double>(model.labels), 1 - model.audit->value, deviation * deviation});
  }
  return points;
}

// The last two thirds, at most most_points of them, evenly spread with the newest: neighbours are
// measured on nearly the same labels, so that more of them would only look like more evidence.
static Points fitted_part(const Points& points) {
  const size_t first = points.size() / 3;
  const size_t count = points.size() - first;
  const size_t kept = std::min(count, most_points);
  Points part;
  for (size_t i = 0; i < kept; ++i) {
    const size_t back = kept == 1 ? 0 : i * (count - 1) / (kept - 1);
    part.push_back(points[points.size() - 1 - back]);
  }
  return part;
}

struct Curve {
  metrics::CurveChoice choice;
  metrics::CurveFit fit;
};

// By all points up to one; nothing where they are too few.
static std::optional<Curve> fit_to(const Points& points, uint64_t seed) {
  const Points part = fitted_part(points);
  if (part.size() < curve_minimum) return std::nullopt;
  auto choice = metrics::choose_form(part);
  auto fit = metrics::fit_curve(part, seed, choice.form);
  return Curve{std::move(choice), std::move(fit)};
}

// Any fixed one: the same history says the same.
static uint64_t seed_of(const Points& points) { return points.size(); }

static std::optional<BackTest> test_back(const Points& points, size_t models_back) {
  if (points.size() <= models_back) return std::nullopt;
  const auto curve =
      fit_to({points.begin(), points.end() - static_cast<long>(models_back)}, seed_of(points));
  if (!curve) return std::nullopt;
  const metrics::CurvePoint& now = points.back();
  const auto error = metrics::error_at(curve->fit, now.labels);
  BackTest test{.models = models_back, .measured = 1 - now.error};
  test.predicted = {1 - error.value, 1 - error.ci_high, 1 - error.ci_low, error.method};
  const double z = metrics::normal_quantile(0.975);
  const double fit = test.measured > test.predicted.value
                         ? test.predicted.ci_high - test.predicted.value
                         : test.predicted.value - test.predicted.ci_low;
  test.held =
      std::abs(test.measured - test.predicted.value) <= std::sqrt(fit * fit + z * z * now.variance);
  return test;
}

std::optional<Forecast> forecast(const History& history, size_t labels, size_t models_back) {
  const Points points = audited(history);
  const auto curve = labels > 0 ? fit_to(points, seed_of(points)) : std::nullopt;
  if (!curve) return std::nullopt;
  const double from = points.back().labels;
  const double learnt = static_cast<double>(labels) * (1 - history.audit_share);
  return Forecast{metrics::gain_between(curve->fit, from, from + learnt), labels, curve->choice,
                  test_back(points, models_back)};
}

// Two digits are as many as such a forecast has: 1234 as "1200".
static std::string about(double labels) {
  double unit = 1;
  while (labels / unit >= 100) unit *= 10;
  return fmt::format("{:.0f}", std::round(labels / unit) * unit);
}

// Numbers beyond what is left to label are only said to be so.
static std::string range_words(const metrics::LabelsTo& more, size_t pool_left) {
  const auto left = static_cast<double>(pool_left);
  const auto end = [&](const std::optional<double>& labels) {
    return labels && *labels <= left ? about(*labels) : "more than are left";
  };
  return fmt::format("95 % range {} to {}", end(more.ci_low), end(more.ci_high));
}

static std::string target_words(const metrics::LabelsTo& more, const History& history,
                                double limit) {
  const std::string goal = fmt::format("{:g} of 100", 100 * history.target);
  const auto left = static_cast<double>(history.pool_left);
  if (more.labels && *more.labels == 0) {
    return fmt::format("The curve is at the target of {} already", goal);
  }
  if (more.labels && *more.labels <= left) {
    return fmt::format("The target of {} takes about {} more {} ({})", goal, about(*more.labels),
                       *more.labels < 1.5 ? "label" : "labels",
                       range_words(more, history.pool_left));
  }
  std::string best;
  if (more.ci_low && *more.ci_low <= left) {
    best = *more.ci_low < 0.5 ? ", at best it is there already"
                              : fmt::format(", at best after about {} more", about(*more.ci_low));
  }
  if (more.labels) {
    return fmt::format("The target of {} takes more labels than the {} examples that are left{}",
                       goal, history.pool_left, best);
  }
  return fmt::format(
      "The target of {} is not reachable by the curve, which levels off at about "
      "{:.1f}{}",
      goal, 100 * limit, best);
}

std::optional<TargetForecast> target_forecast(const History& history, size_t models_back) {
  if (history.target == 0) return std::nullopt;
  const Points points = audited(history);
  const auto curve = fit_to(points, seed_of(points));
  if (!curve) return std::nullopt;
  TargetForecast target{.more = metrics::labels_to(curve->fit, 1 - history.target),
                        .form = curve->choice.form,
                        .back_test = test_back(points, models_back),
                        .sentence = ""};
  for (auto* labels : {&target.more.labels, &target.more.ci_low, &target.more.ci_high}) {
    if (!*labels) continue;
    const double learnt = std::max(0.0, **labels - points.back().labels);
    // Where all labels to come are audit labels the curve stays where it is.
    *labels = learnt == 0 ? std::optional(0.0)
              : history.audit_share < 1
                  ? std::optional(std::ceil(learnt / (1 - history.audit_share)))
                  : std::nullopt;
  }
  target.sentence = target_words(target.more, history, std::max(0.0, 1 - curve->fit.fit.a)) +
                    (target.back_test && !target.back_test->held
                         ? ", though the curve's last forecast was more off than chance explains."
                         : ".");
  return target;
}

std::string gain_words(const metrics::Estimate& gain) {
  // Rounded first, so that no "-0" appears.
  const auto points = [](double share) { return std::round(10'000 * share) / 100 + 0.0; };
  return fmt::format("about {:g} of 100 ({:g} to {:g})", points(gain.value), points(gain.ci_low),
                     points(gain.ci_high));
}

std::string back_test_words(const Forecast& forecast) {
  if (!forecast.back_test) return "The curve is too short to check this against the past.";
  const BackTest& test = *forecast.back_test;
  return fmt::format(
      "{} {} ago the same forecast for today was {:.1f} of 100, and the audit has "
      "{:.1f}{}",
      test.models, test.models == 1 ? "model" : "models", 100 * test.predicted.value,
      100 * test.measured, test.held ? "." : ", more off than chance explains.");
}

}  // namespace querist::stopping
