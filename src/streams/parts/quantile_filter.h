// The balanced incremental quantile filter (Kottke, Krempl and Spiliopoulou 2015).
#pragma once

#include <cstdint>
#include <vector>

#include "streams/parts/archive.h"
#include "streams/parts/spending.h"

namespace querist::streams {

// Asks where the utility reaches the (1 - budget)-quantile (linear between order statistics) of the
// last `window` utilities; the quantile moves by the range of those utilities times the labels not
// yet spent, over `tolerance`. O(window) moves of 8 bytes an instance, no allocation.
class QuantileFilter {
 public:
  QuantileFilter(double budget, size_t window, double tolerance);

  // may_ask: whether the instance may be asked about at all; its utility counts either way.
  bool decide(double utility, bool may_ask);
  double spent() const { return count_.spent(); }
  void fields(Archive& archive);

 private:
  void remember(double utility);
  double quantile() const;

  double budget_;
  size_t window_;
  double tolerance_;
  Count count_;
  std::vector<double> history_;  // A ring once it is full; oldest_ is its next place.
  std::vector<double> sorted_;   // The same numbers, ascending.
  uint64_t oldest_ = 0;
};

}  // namespace querist::streams
