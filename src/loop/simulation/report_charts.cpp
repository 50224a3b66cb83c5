// Coordinates are rounded to tenths: a page of a few kilobytes.
#include "loop/simulation/report_charts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "loop/simulation/report_page.h"

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

// How a group's line looks. The page's seven colours come first with whole lines, then again with
// each dash: 42 looks; controls are grey, and dashed in any case.
struct LineStyle {
  std::string color;  // A class of the page's style.
  std::string dash;   // As stroke-dasharray has it.
};

static std::vector<LineStyle> line_styles(const Json& summary) {
  static constexpr size_t colors = 7;
  static constexpr std::array dashes = {"none", "5 4", "2 3", "10 4", "10 3 2 3", "10 3 2 3 2 3"};
  std::vector<LineStyle> styles;
  size_t others = 0, controls = 0;
  for (const Json& row : summary) {
    if (row["strategy"] == "random") {
      styles.push_back({"control", dashes[1 + controls++ % (dashes.size() - 1)]});
    } else {
      styles.push_back(
          {fmt::format("c{}", others % colors), dashes[others / colors % dashes.size()]});
      ++others;
    }
  }
  return styles;
}

// Where the names at the lines' ends stand, in the order given: each as near to its line as 14
// units between names allow.
static std::vector<double> name_places(const std::vector<double>& ends) {
  std::vector<size_t> order(ends.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ends[a] < ends[b]; });
  std::vector<double> places(ends.size());
  double next = -1e300;
  for (const size_t at : order) {
    places[at] = std::max(ends[at], next);
    next = places[at] + 14;
  }
  double most = 372;  // The picture's lower edge.
  for (size_t i = order.size(); i-- > 0; most = places[order[i]] - 14)
    places[order[i]] = std::min(places[order[i]], most);
  return places;
}

// Maps labels and accuracy to the picture's 760 by 380 units; to the left of them 12 more, for long
// numbers.
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
static std::string tick_text(double value, const Axes& axes, const std::string& key) {
  if (key == "seconds") return time_text(value);
  const double largest = std::max(std::abs(axes.y_low), std::abs(axes.y_high));
  return largest >= 0.01 && largest < 10 ? fmt::format("{:.3f}", value)
                                         : fmt::format("{:.4g}", value);
}

// Five ticks on each axis; one where all lies at one place.
static std::string ticks_svg(const Axes& axes, const std::string& key) {
  std::string svg;
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = axes.y_low + (axes.y_high - axes.y_low) * tick / 4;
    const double labels = axes.x_low + (axes.x_high - axes.x_low) * tick / 4;
    if (tick == 0 || axes.y_high > axes.y_low) {
      svg += fmt::format(
          "<line x1=\"60\" x2=\"740\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" class=\"grid\"/><text x=\"54\" "
          "y=\"{1:.1f}\" text-anchor=\"end\">{2}</text>",
          axes.y(value), axes.y(value) + 4, tick_text(value, axes, key));
    }
    if (tick == 0 || axes.x_high > axes.x_low) {
      svg += fmt::format("<text x=\"{:.1f}\" y=\"362\" text-anchor=\"middle\">{:.0f}</text>",
                         axes.x(labels), labels);
    }
  }
  return svg;
}

std::string curves_svg(const Json& result, const std::string& key, const std::string& title,
                       const std::string& along) {
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
      "<svg viewBox=\"-12 0 912 380\" role=\"img\" aria-label=\"{}\"><text x=\"740\" y=\"376\" "
      "text-anchor=\"end\" class=\"note\">{}</text>",
      escaped(title), escaped(along));
  svg += ticks_svg(axes, key);
  const auto styles = line_styles(result["summary"]);
  std::vector<std::string> names;
  std::vector<double> ends;
  std::vector<std::string> name_colors;
  size_t group = 0;
  std::string legend;
  for (const Json& row : result["summary"]) {
    const auto& [color, dash] = styles[group++];
    const auto found = curves.find(row["name"].get<std::string>());
    if (found == curves.end()) continue;  // Its learner does not measure this.
    const auto& points = found->second;
    std::string line, upper, lower;
    for (const auto& [labels, band] : points) {
      line += fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.mean));
      upper += fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.high));
      lower = fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.low)) + lower;
    }
    svg += fmt::format(
        "<polygon points=\"{}{}\" class=\"band {}\"/><polyline points=\"{}\" class=\"line {}\" "
        "stroke-dasharray=\"{}\"/>",
        upper, lower, color, line, color, dash);
    if (points.size() == 1) {  // A line of one point has no length.
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"dot {}\"/>",
                         axes.x(points.begin()->first), axes.y(points.begin()->second.mean), color);
    }
    names.push_back(text_of(row, "name"));
    name_colors.push_back(color);
    ends.push_back(axes.y(points.rbegin()->second.mean) + 4);
    legend += fmt::format(
        "<span><svg viewBox=\"0 0 40 8\" class=\"key\"><line x1=\"0\" x2=\"40\" y1=\"4\" "
        "y2=\"4\" class=\"line {}\" stroke-dasharray=\"{}\"/></svg>{}</span> ",
        color, dash, names.back());
  }
  // What has room at the lines' ends, 14 units a name; else the legend tells them.
  const bool all_fit =
      names.size() <= 24 && std::all_of(names.begin(), names.end(),
                                        [](const std::string& name) { return name.size() <= 20; });
  const auto places = name_places(ends);
  for (size_t i = 0; all_fit && i < names.size(); ++i) {
    svg += fmt::format("<text x=\"748\" y=\"{:.1f}\" class=\"name {}\">{}</text>", places[i],
                       name_colors[i], names[i]);
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
  size_t longest = 0;
  for (const auto& [rank, name] : groups) longest = std::max(longest, name.size());
  // Room for the longest name and its rank, at 7 units a letter.
  const double side = std::max(220.0, 7 * static_cast<double>(longest + 7) + 16);
  const double width = std::max(900.0, 2 * side + 300);
  const auto place = [&](double rank) {
    return side + (width - 2 * side) * (rank - 1) / static_cast<double>(count - 1);
  };
  const double bars = 12 * static_cast<double>(ranks["cliques"].size());
  const size_t left = (count + 1) / 2;
  const double height = 90 + bars + 20 * static_cast<double>(left);
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"Mean ranks with the critical "
      "difference\"><line x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"50\" y2=\"50\" class=\"ink\"/>",
      width, height, side, width - side);
  const double difference = ranks["critical_difference"].get<double>();
  const double wide = std::min(place(1 + difference), width - 20);
  svg += fmt::format(
      "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"20\" y2=\"20\" class=\"ink\"/><text x=\"{0:.1f}\" "
      "y=\"14\">critical difference {2:.2f}</text>",
      side, wide, difference);
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
        "<polyline points=\"{0:.1f},50 {0:.1f},{1:.1f} {2:.1f},{1:.1f}\" fill=\"none\" "
        "class=\"ink\"/><text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"{5}\">{6} ({7:.2f})</text>",
        place(groups[i].first), y, is_left ? side - 10 : width - side + 10,
        is_left ? side - 16 : width - side + 16, y + 4, is_left ? "end" : "start",
        escaped(groups[i].second), groups[i].first);
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
