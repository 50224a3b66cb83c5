// Coordinates are rounded to tenths: a page of a few kilobytes.
#include "loop/simulation/report_charts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/error.h"

namespace querist::loop {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct Band {
  double mean = 0, low = 0, high = 0;  // Mean and the middle 80 % of the seeds.
};

// By the name of the group and what was spent; key is of the run's vectors, as `over` is.
static std::map<std::string, std::map<double, Band>> curves_of(const Json& result,
                                                               const std::string& key) {
  std::map<std::string, std::map<double, std::vector<double>>> values;
  size_t at = 0;
  for (const Json& row : result["summary"]) {  // Runs come group by group, as the summary.
    for (size_t seed = 0; seed < result["runs"].size() / result["summary"].size(); ++seed) {
      const Json& run = result["runs"][at++];
      for (size_t i = 0; i < run[key].size(); ++i) {
        values[row["name"].get<std::string>()][run["labels"][i].get<double>()].push_back(
            run[key][i].get<double>());
      }
    }
  }
  std::map<std::string, std::map<double, Band>> curves;
  for (auto& [strategy, points] : values) {
    for (auto& [labels, all] : points) {
      std::sort(all.begin(), all.end());
      Band band;
      for (const double v : all) band.mean += v / static_cast<double>(all.size());
      band.low = all[all.size() / 10];
      band.high = all[all.size() - 1 - all.size() / 10];
      curves[strategy][labels] = band;
    }
  }
  return curves;
}

static constexpr const char* colors[] = {"#0b6472", "#d75e9d", "#8b6807", "#3246b6",
                                         "#1f8b69", "#88414b", "#6d63d9"};

// Maps labels and accuracy to the picture's 760 by 380 units.
struct Axes {
  double x_low = 1e300, x_high = -1e300, y_low = 1e300, y_high = -1e300;
  double x(double labels) const {
    return 60 + 680 * (labels - x_low) / std::max(1e-9, x_high - x_low);
  }
  double y(double value) const {
    return 340 - 320 * (value - y_low) / std::max(1e-9, y_high - y_low);
  }
};

// Errors have any scale; shares keep three decimals.
static std::string tick_text(double value, const Axes& axes) {
  const double largest = std::max(std::abs(axes.y_low), std::abs(axes.y_high));
  return largest >= 0.01 && largest < 10 ? fmt::format("{:.3f}", value)
                                         : fmt::format("{:.4g}", value);
}

std::string curves_svg(const Json& result, const std::string& key, const std::string& title) {
  const auto curves = curves_of(result, key);
  if (curves.empty()) return "";
  Axes axes;
  for (const auto& [strategy, points] : curves) {
    for (const auto& [labels, band] : points) {
      axes.x_low = std::min(axes.x_low, labels);
      axes.x_high = std::max(axes.x_high, labels);
      axes.y_low = std::min(axes.y_low, band.low);
      axes.y_high = std::max(axes.y_high, band.high);
    }
  }
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 900 380\" role=\"img\" aria-label=\"{}\"><text x=\"740\" y=\"376\" "
      "text-anchor=\"end\" class=\"note\">labels</text>",
      escaped(title));
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = axes.y_low + (axes.y_high - axes.y_low) * tick / 4;
    const double labels = axes.x_low + (axes.x_high - axes.x_low) * tick / 4;
    svg += fmt::format(
        "<line x1=\"60\" x2=\"740\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" class=\"grid\"/><text x=\"54\" "
        "y=\"{1:.1f}\" "
        "text-anchor=\"end\">{2}</text><text x=\"{3:.1f}\" y=\"362\" "
        "text-anchor=\"middle\">{4:.0f}</text>",
        axes.y(value), axes.y(value) + 4, tick_text(value, axes), axes.x(labels), labels);
  }
  size_t index = 0;
  std::string legend;
  std::vector<double> taken;
  for (const Json& row : result["summary"]) {
    const auto strategy = row["name"].get<std::string>();
    const bool control = row["strategy"] == "random";
    const char* color = control ? "#6d7880" : colors[index++ % 7];
    const auto found = curves.find(strategy);
    if (found == curves.end()) continue;  // Its learner does not measure this.
    const auto& points = found->second;
    std::string line, upper, lower;
    for (const auto& [labels, band] : points) {
      line += fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.mean));
      upper += fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.high));
      lower = fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.low)) + lower;
    }
    double end = axes.y(points.rbegin()->second.mean) + 4;
    for (const double other : taken) end = std::abs(end - other) < 14 ? other + 14 : end;
    taken.push_back(end);
    legend +=
        fmt::format("<span><i style=\"background:{}\"></i>{}</span> ", color, escaped(strategy));
    const bool short_name = strategy.size() <= 20;  // What fits at the line's end.
    svg += fmt::format(
        "<polygon points=\"{}{}\" fill=\"{}\" opacity=\"0.1\"/><polyline points=\"{}\" "
        "fill=\"none\" stroke=\"{}\" "
        "stroke-width=\"2\"{}/><text x=\"748\" y=\"{:.1f}\" class=\"name\">{}</text>",
        upper, lower, color, line, color, control ? " stroke-dasharray=\"5 4\"" : "", end,
        short_name ? escaped(strategy) : "");
  }
  return svg + "</svg><p class=\"legend\">" + legend + "</p>";
}

// Names of the better half stand left of the axis's middle, the others right, as in the paper.
std::string ranks_svg(const Json& ranks) {
  std::vector<std::pair<double, std::string>> groups;
  for (const Json& row : ranks["groups"])
    groups.emplace_back(row["rank_mean"].get<double>(), row["name"].get<std::string>());
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const size_t count = groups.size();
  const auto place = [&](double rank) {
    return 220 + 460 * (rank - 1) / static_cast<double>(count - 1);
  };
  const double bars = 12 * static_cast<double>(ranks["cliques"].size());
  const size_t left = (count + 1) / 2;
  const double height = 90 + bars + 20 * static_cast<double>(left);
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 900 {:.0f}\" role=\"img\" aria-label=\"Mean ranks with the critical "
      "difference\"><line x1=\"220\" x2=\"680\" y1=\"50\" y2=\"50\" class=\"ink\"/>",
      height);
  const double difference = ranks["critical_difference"].get<double>();
  const double wide = std::min(place(1 + difference), 880.0);
  svg += fmt::format(
      "<line x1=\"220\" x2=\"{:.1f}\" y1=\"20\" y2=\"20\" class=\"ink\"/><text x=\"220\" "
      "y=\"14\">critical difference {:.2f}</text>",
      wide, difference);
  for (size_t rank = 1; rank <= count; ++rank) {
    const double x = place(static_cast<double>(rank));
    svg += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"44\" y2=\"50\" class=\"ink\"/><text "
        "x=\"{0:.1f}\" y=\"40\" text-anchor=\"middle\">{1}</text>",
        x, rank);
  }
  for (size_t i = 0; i < count; ++i) {
    const bool is_left = i < left;
    const auto line = static_cast<double>(is_left ? i : count - 1 - i);
    const double y = 74 + bars + 20 * line;
    svg += fmt::format(
        "<polyline points=\"{0:.1f},50 {0:.1f},{1:.1f} {2},{1:.1f}\" fill=\"none\" "
        "class=\"ink\"/><text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"{5}\">{6} ({7:.2f})</text>",
        place(groups[i].first), y, is_left ? 210 : 690, is_left ? 204 : 696, y + 4,
        is_left ? "end" : "start", escaped(groups[i].second), groups[i].first);
  }
  double y = 60;
  for (const Json& clique : ranks["cliques"]) {
    double low = 1e300, high = -1e300;
    for (const auto& [rank, name] : groups) {
      if (std::find(clique.begin(), clique.end(), Json(name)) == clique.end()) continue;
      low = std::min(low, rank);
      high = std::max(high, rank);
    }
    svg += fmt::format(
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
        "class=\"same\"/>",
        place(low) - 4, place(high) + 4, y, y);
    y += 12;
  }
  return svg + "</svg>";
}

}  // namespace querist::loop
