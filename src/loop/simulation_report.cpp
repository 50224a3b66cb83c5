// The simulation as one HTML page that needs nothing else: curves as SVG, areas, paired
// differences.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "loop/simulate.h"

namespace querist::loop {

static std::string escaped(const std::string& text) {
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

static std::map<std::string, std::map<double, Band>> curves_of(const Json& result) {
  std::map<std::string, std::map<double, std::vector<double>>> values;
  for (const Json& run : result["runs"]) {
    for (size_t i = 0; i < run["labels"].size(); ++i) {
      values[run["strategy"].get<std::string>()][run["labels"][i].get<double>()].push_back(
          run["accuracy"][i].get<double>());
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

static std::string curves_svg(const Json& result) {
  const auto curves = curves_of(result);
  Axes axes;
  for (const auto& [strategy, points] : curves) {
    for (const auto& [labels, band] : points) {
      axes.x_low = std::min(axes.x_low, labels);
      axes.x_high = std::max(axes.x_high, labels);
      axes.y_low = std::min(axes.y_low, band.low);
      axes.y_high = std::max(axes.y_high, band.high);
    }
  }
  std::string svg =
      "<svg viewBox=\"0 0 900 380\" role=\"img\" aria-label=\"Accuracy against labels, one line a "
      "strategy\">";
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = axes.y_low + (axes.y_high - axes.y_low) * tick / 4;
    const double labels = axes.x_low + (axes.x_high - axes.x_low) * tick / 4;
    svg += fmt::format(
        "<line x1=\"60\" x2=\"740\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" class=\"grid\"/><text x=\"54\" "
        "y=\"{1:.1f}\" "
        "text-anchor=\"end\">{2:.3f}</text><text x=\"{3:.1f}\" y=\"362\" "
        "text-anchor=\"middle\">{4:.0f}</text>",
        axes.y(value), axes.y(value) + 4, value, axes.x(labels), labels);
  }
  size_t index = 0;
  std::vector<double> taken;
  for (const Json& row : result["summary"]) {
    const auto strategy = row["strategy"].get<std::string>();
    const auto& points = curves.at(strategy);
    const bool control = strategy == "random";
    const char* color = control ? "#6d7880" : colors[index++ % 7];
    std::string line, upper, lower;
    for (const auto& [labels, band] : points) {
      line += fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.mean));
      upper += fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.high));
      lower = fmt::format("{:.1f},{:.1f} ", axes.x(labels), axes.y(band.low)) + lower;
    }
    double end = axes.y(points.rbegin()->second.mean) + 4;
    for (const double other : taken) end = std::abs(end - other) < 14 ? other + 14 : end;
    taken.push_back(end);
    svg += fmt::format(
        "<polygon points=\"{}{}\" fill=\"{}\" opacity=\"0.1\"/><polyline points=\"{}\" "
        "fill=\"none\" stroke=\"{}\" "
        "stroke-width=\"2\"{}/><text x=\"748\" y=\"{:.1f}\" class=\"name\">{}</text>",
        upper, lower, color, line, color, control ? " stroke-dasharray=\"5 4\"" : "", end,
        escaped(strategy));
  }
  return svg + "</svg>";
}

static std::string summary_table(const Json& result) {
  std::string rows;
  for (const Json& row : result["summary"]) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{:.4f} ± "
        "{:.4f}</td><td>{:.4f}</td><td>{:.4f}</td><td>{:.2f}</td></tr>",
        escaped(row["strategy"].get<std::string>()), row["aulc_mean"].get<double>(),
        row["aulc_sd"].get<double>(), row["aulc_log_mean"].get<double>(),
        row["final_accuracy_mean"].get<double>(), row["rank_mean"].get<double>());
  }
  return "<table><tr><th>strategy</th><th>area under the curve ± sd</th><th>area over "
         "ln(labels)</th><th>final accuracy</th>"
         "<th>mean rank</th></tr>" +
         rows + "</table>";
}

static std::string comparison_table(const Json& result) {
  std::string rows;
  for (const Json& row : result["comparisons"]) {
    std::string saved = "not reached";
    if (!row["labels_saved"].is_null()) {
      saved = fmt::format("{:.0f} %", 100 * row["labels_saved"].get<double>());
      if (!row["labels_saved_ci_low"].is_null()) {
        saved +=
            fmt::format(" ({:.0f} to {:.0f} %)", 100 * row["labels_saved_ci_low"].get<double>(),
                        100 * row["labels_saved_ci_high"].get<double>());
      }
    }
    rows += fmt::format(
        "<tr><th scope=\"row\">{} against {}</th><td>{:+.4f} ({:+.4f} to "
        "{:+.4f})</td><td>{:.4f}</td><td>{}</td></tr>",
        escaped(row["strategy"].get<std::string>()), escaped(row["against"].get<std::string>()),
        row["aulc_difference"].get<double>(), row["ci_low"].get<double>(),
        row["ci_high"].get<double>(), row["p_value"].get<double>(), saved);
  }
  return "<table><tr><th>pair</th><th>difference in area (95 %)</th><th>p "
         "(Wilcoxon)</th><th>labels saved</th></tr>" +
         rows + "</table>";
}

std::string simulation_html(const Json& result, const std::string& title) {
  const Json& data = result["data"];
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\">"
      "<title>Simulation: {0}</title><style>:root{{color-scheme:light dark}}body{{font:14px/1.5 "
      "system-ui,sans-serif;max-width:960px;"
      "margin:32px auto;padding:0 "
      "16px}}h1{{font-size:20px}}h2{{font-size:16px;margin-top:32px}}svg{{width:100%;height:auto}}"
      "svg "
      "text{{font-size:12px;fill:currentColor}}.name{{font-weight:600}}.grid{{stroke:currentColor;"
      "opacity:.15}}"
      "table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}th,td{{padding:6px 16px "
      "6px 0;text-align:left;"
      "border-bottom:1px solid #8884}}p{{max-width:70ch}}</style></head><body><h1>Which strategy "
      "spends labels best on {0}?</h1>"
      "<p>{1} rows, {2} classes; {3} rows to choose from, {4} to test on. Lines are means over "
      "paired seeds, bands the middle "
      "80 % of them.</p>{5}<h2>Areas</h2>{6}<h2>Paired differences</h2>{7}<p>Labels saved: the "
      "share of labels that the first "
      "of the pair needs less to reach the final mean accuracy of the second. Written by "
      "<code>querist simulate --html</code>."
      "</p></body></html>\n",
      escaped(title), data["rows"].get<int64_t>(), data["classes"].get<int64_t>(),
      data["pool"].get<int64_t>(), data["test"].get<int64_t>(), curves_svg(result),
      summary_table(result), comparison_table(result));
}

}  // namespace querist::loop
