// The pictures and tables of a simulation's report, read back from the page.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "base/error.h"
#include "loop/simulate.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/report_charts.h"
#include "loop/simulation/report_page.h"

namespace querist::loop {

// Where the texts of a class stand from above, in the order of the page.
static std::vector<double> heights_of(const std::string& svg, const std::string& name) {
  std::vector<double> heights;
  const std::regex text("<text x=\"[0-9.]+\" y=\"([0-9.]+)\" class=\"" + name + "[^\"]*\">");
  for (std::sregex_iterator at(svg.begin(), svg.end(), text), end; at != end; ++at)
    heights.push_back(std::stod((*at)[1]));
  return heights;
}

static Simulation simulation_of(const std::vector<std::string>& strategies, double last) {
  Simulation simulation;
  for (const std::string& strategy : strategies) {
    for (size_t seed = 0; seed < 2; ++seed) {
      SimulationRun run;
      run.strategy = strategy;
      run.seed = seed;
      run.labels = {10, 20};
      run.accuracy = {0.5, last};
      run.seconds = {0, 0};
      simulation.runs.push_back(run);
    }
  }
  return simulation;
}

TEST(CurvesSvg, KeepsNamesApartAndInThePicture) {
  const std::vector<std::string> names = {"auto", "margin", "random", "entropy", "badge"};
  for (const double last : {0.1, 0.5, 0.9}) {  // All lines end together: below, level, above.
    const Json result = simulation_json(simulation_of(names, last), "accuracy");
    auto heights = heights_of(curves_svg(result, "accuracy", "t"), "name");
    ASSERT_EQ(heights.size(), names.size());
    std::sort(heights.begin(), heights.end());
    EXPECT_GE(heights.front(), 10);
    EXPECT_LE(heights.back(), 376);  // Of 380.
    for (size_t i = 1; i < heights.size(); ++i) EXPECT_GE(heights[i] - heights[i - 1], 13.9);
  }
  // One name that has no room there: the legend tells all of them, none stands beside a wrong line.
  const auto longer = simulation_of({"auto", "margin,but_with_a_long_setting"}, 0.9);
  const std::string svg = curves_svg(simulation_json(longer, "accuracy"), "accuracy", "t");
  EXPECT_TRUE(heights_of(svg, "name").empty());
  EXPECT_NE(svg.find("</svg>auto</span>"), std::string::npos);
}

TEST(CurvesSvg, GivesEveryLineALookOfItsOwn) {
  for (const size_t count : {size_t{24}, size_t{30}, size_t{42}}) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back(fmt::format("strategy_{}", i));
    names[3] = "random";
    const std::string svg =
        curves_svg(simulation_json(simulation_of(names, 0.9), "accuracy"), "accuracy", "t");
    const auto looks = [&](const std::string& tag) {
      std::vector<std::string> found;
      const std::regex line("<" + tag +
                            " [^>]*class=\"line ([^\"]+\" stroke-dasharray=\"[^\"]+)\"");
      for (std::sregex_iterator at(svg.begin(), svg.end(), line), end; at != end; ++at)
        found.push_back((*at)[1]);
      return found;
    };
    const auto lines = looks("polyline");
    EXPECT_EQ(lines.size(), count);
    EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), count);
    EXPECT_EQ(looks("line"), lines) << "the legend shows them as they are";
    EXPECT_EQ(lines[3].find("control"), 0u);
    // Each has a band of its own colour; names stand at the lines while they fit into the picture.
    EXPECT_EQ(heights_of(svg, "name").size(), count <= 24 ? count : 0);
    const std::string first_band = "class=\"band c0\"";
    EXPECT_NE(svg.find(first_band), std::string::npos);
  }
}

TEST(CurvesSvg, DrawsAPointWhereThereIsNoLine) {
  Simulation simulation = simulation_of({"margin"}, 0.9);
  for (SimulationRun& run : simulation.runs) {
    run.labels = {10};
    run.accuracy = {0.5};
    run.seconds = {0};
  }
  const Json result = simulation_json(simulation, "accuracy");
  const std::string svg = curves_svg(result, "accuracy", "t");
  EXPECT_NE(svg.find("<circle"), std::string::npos);
  EXPECT_EQ(svg.find(">10<"), svg.rfind(">10<"));  // One tick, not five on one place.
  EXPECT_EQ(svg.find(">0.500<"), svg.rfind(">0.500<"));
  EXPECT_EQ(simulation_html(result, "t").find("Paired differences"), std::string::npos);
}

TEST(RanksSvg, LeavesRoomForLongNames) {
  const std::string name(40, 'm');
  const Json ranks = {{"groups",
                       {{{"name", name + "a"}, {"rank_mean", 1.2}},
                        {{"name", name + "b"}, {"rank_mean", 1.9}},
                        {{"name", name + "c"}, {"rank_mean", 2.9}}}},
                      {"critical_difference", 0.8},
                      {"cliques", {{name + "a", name + "b"}}}};
  const std::string svg = ranks_svg(ranks);
  std::smatch box;
  ASSERT_TRUE(std::regex_search(svg, box, std::regex("viewBox=\"0 0 ([0-9]+) ")));
  const double width = std::stod(box[1]);
  const std::regex text("<text x=\"([0-9.]+)\" y=\"[0-9.]+\" text-anchor=\"(end|start)\">([^<]+)<");
  size_t found = 0;
  for (std::sregex_iterator at(svg.begin(), svg.end(), text), end; at != end; ++at, ++found) {
    const double room = (*at)[2] == "end" ? std::stod((*at)[1]) : width - std::stod((*at)[1]);
    // Letters of 12 units are at most 7 wide in the mean of the names that there are.
    EXPECT_GE(room, 7 * static_cast<double>((*at)[3].length())) << (*at)[3];
  }
  EXPECT_EQ(found, 3u);
}

TEST(SimulationHtml, TellsStoppingRulesAndTheCommand) {
  Json result = simulation_json(simulation_of({"margin", "random"}, 0.9), "accuracy");
  EXPECT_EQ(simulation_html(result, "t").find("Stopping rules"), std::string::npos);
  const Json row = {{"name", "margin"},      {"rule", "no_gain"},      {"runs", 2},
                    {"stopped", 1},          {"labels_mean", 140},     {"labels_sd", 0},
                    {"accuracy_mean", 0.91}, {"share_of_full_mean", 1}};
  Json never = row;
  never["stopped"] = 0;
  for (const char* key : {"labels_mean", "labels_sd", "accuracy_mean", "share_of_full_mean"})
    never[key] = nullptr;
  result["stopping"] = {row, never};
  const std::string page = simulation_html(result, "t", "querist simulate <x> --noise 0.05");
  for (const char* said :
       {"<td>1 of 2</td><td>140 ± 0</td><td>0.9100</td><td>1.0000</td>",
        "<td>0 of 2</td><td>–</td><td>–</td><td>–</td>", "querist simulate &lt;x&gt; --noise 0.05",
        "to reach the mean accuracy of the last three points of the second's mean curve"})
    EXPECT_NE(page.find(said), std::string::npos) << said;
}

TEST(SimulationHtml, SaysWhenSeedsAreTooFewForThePairs) {
  // Two seeds agree by chance every second time: three pairs can show nothing.
  const Json few = simulation_json(simulation_of({"margin", "random", "auto"}, 0.9), "accuracy");
  EXPECT_NE(simulation_html(few, "t").find("With 2 seeds and 3 pairs no corrected p is below 1"),
            std::string::npos);
  // 2 / 2^7 times 3 is 0.047, with a seed fewer 0.094.
  EXPECT_EQ(too_few_text(7, 3, "seeds", "seeds"), "");
  EXPECT_NE(too_few_text(6, 3, "seeds", "seeds").find("below 0.0938"), std::string::npos);
  EXPECT_NE(too_few_text(6, 3, "seeds", "seeds").find("from 7 seeds on"), std::string::npos);
}

TEST(TimeText, HasThreeSignificantDigitsInAFittingUnit) {
  EXPECT_EQ(time_text(0.0000123), "0.0123 ms");
  EXPECT_EQ(time_text(0.000999), "0.999 ms");
  EXPECT_EQ(time_text(0.0456), "45.6 ms");
  EXPECT_EQ(time_text(0.9994), "999 ms");
  EXPECT_EQ(time_text(0.9996), "1.00 s");
  EXPECT_EQ(time_text(78.94), "78.9 s");
  EXPECT_EQ(time_text(99.96), "100 s");
  EXPECT_EQ(time_text(4321.4), "4321 s");
}

TEST(SimulationHtml, TellsTheTimeOfFastStrategies) {
  Simulation simulation = simulation_of({"margin", "random"}, 0.9);
  for (SimulationRun& run : simulation.runs)
    run.seconds = run.strategy == "margin" ? std::vector{0.0002, 0.0004} : std::vector{1.5, 2.5};
  const Json result = simulation_json(simulation, "accuracy");
  const std::string page = simulation_html(result, "t");
  EXPECT_NE(page.find("<td>0.300 ms</td>"), std::string::npos);
  EXPECT_NE(page.find("<td>2.00 s</td>"), std::string::npos);
  EXPECT_NE(page.find("aria-label=\"Seconds a round against labels\""), std::string::npos);
  EXPECT_NE(page.find(">0.200 ms</text>"), std::string::npos);  // The ends of its axis.
  EXPECT_NE(page.find(">2.50 s</text>"), std::string::npos);
}

TEST(PText, NeverWritesTwoSigns) {
  EXPECT_EQ(p_text(0.03125), "p = 0.0312");
  EXPECT_EQ(p_text(0.00001), "p < 0.0001");
  EXPECT_EQ(p_text(nullptr), "p = –");
}

}  // namespace querist::loop
