// The plot of characters: its size, its letters, and curves that it has little of.
#include "app/curve_plot.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace querist::app {

static const std::vector<NamedCurve> two_curves = {
    {.name = "margin", .points = {{10, 0.5}, {20, 0.8}, {30, 0.9}}},
    {.name = "random", .points = {{10, 0.5}, {20, 0.6}, {30, 0.7}}}};

TEST(CurvePlot, NamesEveryCurveAndKeepsToATerminal) {
  const std::string plot = plot_curves(two_curves);
  EXPECT_NE(plot.find("margin"), std::string::npos);
  EXPECT_NE(plot.find("random"), std::string::npos);
  EXPECT_GE(std::count(plot.begin(), plot.end(), '\n'), 16);
  size_t begin = 0;
  for (size_t end = plot.find('\n'); end != std::string::npos; end = plot.find('\n', begin)) {
    EXPECT_LE(end - begin, 120u);
    begin = end + 1;
  }
}

TEST(CurvePlot, DrawsASinglePointAndALevelCurve) {
  EXPECT_NE(plot_curves({{.name = "margin", .points = {{10, 0.5}}}}).find("margin"),
            std::string::npos);
  EXPECT_NE(plot_curves({{.name = "margin", .points = {{10, 1}, {20, 1}}}}).find("margin"),
            std::string::npos);
}

}  // namespace querist::app
