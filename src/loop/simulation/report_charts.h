// The pictures of a simulation's report as SVG: curves with bands, and the critical-difference
// diagram.
#pragma once

#include <string>

#include "base/json.h"

namespace querist::loop {

std::string escaped(const std::string& text);  // For HTML and its attributes.

// One line a group, the mean over seeds of the runs' vector `key` against labels, its band the
// middle 80 % of the seeds. along: what is counted in labels. Empty where no run has the vector.
std::string curves_svg(const Json& result, const std::string& key, const std::string& title,
                       const std::string& along = "labels");

// Mean ranks on an axis, bars under groups that do not differ (Demšar 2006). ranks: the result's.
std::string ranks_svg(const Json& ranks);

}  // namespace querist::loop
