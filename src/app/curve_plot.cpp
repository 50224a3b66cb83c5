// Draws curves on a character grid; the first curve is drawn last, so that it stays on top.
#include "app/curve_plot.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "loop/simulation/metric.h"

namespace querist::app {

static constexpr int width = 64;
static constexpr int height = 16;

struct Range {
  double low = 1e300;
  double high = -1e300;
  void add(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  double place(double v) const { return high > low ? (v - low) / (high - low) : 0.5; }
};

static double at_labels(const std::vector<CurvePoint>& points, double labels) {
  for (size_t i = 1; i < points.size(); ++i) {
    if (points[i].labels < labels) continue;
    const double step = points[i].labels - points[i - 1].labels;
    const double share = step > 0 ? (labels - points[i - 1].labels) / step : 1;
    return points[i - 1].value + share * (points[i].value - points[i - 1].value);
  }
  return points.back().value;
}

// Six characters of a share; of a number with a unit as many as it takes, up to ten.
static std::string height_text(double value, bool has_unit) {
  return has_unit ? fmt::format("{:10.5g} |", value) : fmt::format("{:6.3f} |", value);
}

std::string plot_curves(const std::vector<NamedCurve>& curves, bool has_unit) {
  Range x, y;
  for (const NamedCurve& curve : curves) {
    for (const CurvePoint& point : curve.points) {
      x.add(point.labels);
      y.add(point.value);
    }
  }
  if (x.low > x.high) return "";
  if (!has_unit && y.high - y.low < 0.04) {  // A flat curve is drawn flat, not as its last digits.
    y.low = std::max(0.0, y.low - 0.02);
    y.high = std::min(1.0, y.high + 0.02);
  }
  std::vector<std::string> grid(height, std::string(width, ' '));
  std::string legend;
  for (size_t c = curves.size(); c-- > 0;) {
    const auto& points = curves[c].points;
    if (points.empty()) continue;
    const char mark = "*o+x#@%&"[c % 8];
    legend = fmt::format("   {} {}", mark, curves[c].name) + legend;
    for (int column = 0; column < width; ++column) {
      const double labels = x.low + (x.high - x.low) * column / (width - 1);
      if (labels < points.front().labels || labels > points.back().labels) continue;
      const int row =
          static_cast<int>(std::lround((height - 1) * (1 - y.place(at_labels(points, labels)))));
      grid[static_cast<size_t>(row)][static_cast<size_t>(column)] = mark;
    }
  }
  std::string text;
  const std::string margin(has_unit ? 11 : 7, ' ');
  for (int row = 0; row < height; ++row) {
    const double value = y.high - (y.high - y.low) * row / (height - 1);
    const bool labelled = row % 5 == 0;
    text += (labelled ? height_text(value, has_unit) : margin + "|") +
            grid[static_cast<size_t>(row)] + "\n";
  }
  text += margin + "+" + std::string(width, '-') + "\n";
  text += fmt::format("{} {:<{}g}{:>g} labels\n", margin, x.low, width - 6, x.high);
  return text + legend + "\n";
}

std::string curve_plot(const Json& result) {
  const loop::Metric& metric = loop::find_metric(result["metric"].get<std::string>());
  const std::string key(metric.judged().key);
  std::vector<NamedCurve> curves;
  std::map<std::string, std::map<double, std::pair<double, int>>> sums;
  const size_t seeds = result["runs"].size() / result["summary"].size();
  for (size_t at = 0; at < result["runs"].size(); ++at) {  // Group by group, as the summary.
    const Json& run = result["runs"][at];
    const auto name = result["summary"][at / seeds]["name"].get<std::string>();
    if (curves.empty() || curves.back().name != name) curves.push_back({name, {}});
    for (size_t i = 0; i < run["labels"].size(); ++i) {
      auto& [sum, count] = sums[name][run["labels"][i].get<double>()];
      sum += run[key][i].get<double>();
      ++count;
    }
  }
  for (NamedCurve& curve : curves) {
    for (const auto& [labels, total] : sums[curve.name])
      curve.points.push_back({labels, total.first / total.second});
  }
  return fmt::format("{} on the test set, mean over seeds{}\n", metric.judged().word,
                     metric.lower_is_better ? "; lower is better" : "") +
         plot_curves(curves, metric.judged().has_unit);
}

}  // namespace querist::app
