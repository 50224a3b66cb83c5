// Whether a classifier treats groups of rows alike: rates of each group and the gaps between them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// Predictions on labelled rows with the group of each.
struct GroupedRows {
  std::span<const int32_t> labels;
  std::span<const int32_t> predicted;
  std::span<const double> confidences;  // The probability of the predicted class.
  std::span<const int32_t> groups;      // 0 … group_count-1; -1: of no group, left out.
  size_t group_count = 0;
  size_t classes = 0;
};

// What can differ between groups. Each is the mean of one number over some rows: of a class, all
// rows (selection_rate: predicted as it), those of the class (true_positive_rate) or the others
// (false_positive_rate); of no class, all rows (accuracy; calibration_gap: confidence - right).
enum class GroupMetric {
  accuracy,
  calibration_gap,
  selection_rate,
  true_positive_rate,
  false_positive_rate
};
std::string_view group_metric_name(GroupMetric metric);

struct GroupRate {
  int64_t rows = 0;              // That it is the mean over.
  std::optional<Estimate> rate;  // Nothing without rows. Wilson; of a calibration gap, the mean
                                 // confidence less the accuracy's interval.
};

// One metric over all groups. Gaps are between groups that have at least least_rows rows for it.
struct GroupGap {
  GroupMetric metric = GroupMetric::accuracy;
  int32_t cls = -1;               // Of a class, else -1.
  std::vector<GroupRate> groups;  // One a group.
  std::optional<Estimate>
      difference;                 // Largest minus smallest rate; nothing with under two groups.
  std::optional<Estimate> ratio;  // Smallest by largest; nothing for a calibration gap or at 0.
  int32_t highest = -1;
  int32_t lowest = -1;
  double p_value = 1;  // That groups drawn by lot among the same rows lie as far apart.
  double q_value = 1;  // By Benjamini and Hochberg over the gaps of this call.
};

struct GroupOptions {
  std::vector<int32_t> of_classes;  // Which to give rates of; empty: all.
  int64_t least_rows = 1;
  size_t permutations = 1000;
  uint64_t seed = 0;
  double confidence = 0.95;
};

// Demographic parity difference and ratio (of selection rates), equal opportunity (of true positive
// rates) and the parts of equalised odds (the larger of the gaps in true and false positive rates)
// as Fairlearn defines them, class by class. Intervals are made of the groups' Wilson intervals
// (Newcombe 1998; Donner and Zou 2012), at a level at which those of all pairs of groups hold at
// once (Sidak 1967): with many groups rather too wide. That of a difference holds 0 where chance
// may have made the gap. A largest minus a smallest is rather too large on few rows: whether there
// is a gap at all, p_value says. O(permutations * classes * rows).
std::vector<GroupGap> compare_groups(const GroupedRows& rows, const GroupOptions& options = {});

}  // namespace querist::metrics
