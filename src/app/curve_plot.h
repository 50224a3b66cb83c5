// The mean learning curves of a simulation as a plot of characters.
#pragma once

#include <string>

#include "base/json.h"

namespace querist::app {

// result: what `querist simulate` writes. 64 columns by 16 rows; each strategy has its letter.
std::string curve_plot(const Json& result);

// One curve: pairs of labels and a share between 0 and 1, or a number of any unit.
struct CurvePoint {
  double labels = 0;
  double value = 0;
};
struct NamedCurve {
  std::string name;
  std::vector<CurvePoint> points;
};
std::string plot_curves(const std::vector<NamedCurve>& curves, bool has_unit = false);

}  // namespace querist::app
