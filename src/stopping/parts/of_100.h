// Shares as numbers of 100, for sentences that hold them against a target.
#pragma once

#include <string>

namespace querist::stopping {

// 0.937 as "94". A share below the target is never rounded up to it: 0.9463 of a target of 0.95 is
// "94.6". digits: at least so many after the point.
std::string of_100(double share, double target, int digits = 0);

}  // namespace querist::stopping
