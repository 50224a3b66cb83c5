// Rows that tie but for rounding are taken for the same.
#include "strategies/kept/best_row.h"

#include <algorithm>
#include <cmath>

namespace querist::strategies {

BestRow lowest_of_best(const Pool& pool, const std::vector<double>& utilities, double rounding) {
  constexpr double tie = 1e-9;
  BestRow out;
  if (utilities.empty()) return out;
  const double best = *std::max_element(utilities.begin(), utilities.end());
  const double least = best - tie * std::abs(best);
  for (size_t i = 0; i < utilities.size(); ++i) {
    if (std::abs(utilities[i] - least) < rounding * std::abs(best)) out.is_clear = false;
    if (utilities[i] < least || !out.pick.rows.empty()) continue;
    out.pick.rows.push_back(pool.candidates[i]);
    out.pick.utilities.push_back(utilities[i]);
  }
  return out;
}

}  // namespace querist::strategies
