// Where a model does worse than elsewhere: slices of one or two column values, each tested against
// the rest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// What each row says of one thing, as the number of one of a few values.
struct SliceColumn {
  std::string name;
  std::vector<std::string> values;
  std::vector<int32_t> codes;  // One a row; -1: of none of the values.
};

// The values in ascending order; an empty text is the value "(missing)".
SliceColumn categorical_column(std::string name, std::span<const std::string> texts);

// Bins of about equal count, cut between distinct numbers and named "up to 3", "over 3 up to 7",
// "over 7"; NaN is the value "(missing)". No more bins than distinct numbers.
SliceColumn binned_column(std::string name, std::span<const double> numbers, size_t bins = 4);

// Numbers where at least nineteen of twenty texts that are not empty are numbers and there are more
// distinct ones than bins (other texts count as missing then); else categories.
SliceColumn inferred_column(std::string name, std::span<const std::string> texts, size_t bins = 4);

struct SliceCondition {
  size_t column = 0;
  int32_t value = 0;
  bool operator==(const SliceCondition&) const = default;
};

struct Slice {
  std::vector<SliceCondition> conditions;  // One, or two of ascending columns.
  int64_t rows = 0;
  double loss = 0;       // Mean over its rows.
  double rest_loss = 0;  // Mean over all others.
  Estimate difference;   // loss - rest_loss, with the interval of this slice taken by itself.
  double p_value = 1;    // One-sided, for a slice that is worse.
  double q_value = 1;    // By Benjamini and Hochberg over all slices that were tested.
};

struct SliceOptions {
  int64_t support = 30;  // Fewer rows in a slice, or outside of it, are not tested.
  bool pairs = true;
  double confidence = 0.95;
};

// Every slice with enough rows, the largest lower bound of the difference first. Two values are
// joined only where each has enough rows by itself (the lattice is pruned there, for a part cannot
// have more rows than the whole), and not where the one holds all the rows of the other: that would
// test the same rows twice. Losses of 0 and 1 alone are compared by Fisher's exact test, given the
// sums exact for any number of rows; others (log losses, skewed and of unequal spread) by Welch's.
// Picked as the worst of many, a slice's loss is rather too high: the q-value takes the search into
// account, the interval does not. O(pairs of columns · rows).
std::vector<Slice> find_slices(std::span<const double> losses, std::span<const SliceColumn> columns,
                               const SliceOptions& options = {});

}  // namespace querist::metrics
