// A number with the interval that it may honestly claim.
#pragma once

#include <string_view>

namespace querist::metrics {

struct Estimate {
  double value = 0;
  double ci_low = 0;
  double ci_high = 0;
  std::string_view method;  // How the interval was made: wilson, bootstrap, bca …
};

}  // namespace querist::metrics
