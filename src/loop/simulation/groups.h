// The runs of one strategy under one learner and featurizer, side by side by seed.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "loop/simulate.h"
#include "loop/simulation/metric.h"

namespace querist::loop {

struct RunGroup {
  std::string name;  // The strategy, with learner and featurizer where there are several.
  std::string strategy;
  std::string learner;
  std::string featurizer;
  std::vector<const SimulationRun*> runs;  // By seed; those of one index share the seed.
  std::vector<double> areas;
  const Metric* metric = &find_metric("accuracy");  // The same of all groups that are compared.
};

// Area by area, by seed; and Wilcoxon's test of that, which takes for zero, or for tied, what
// rounding alone tells apart.
std::vector<double> area_differences(const RunGroup& group, const RunGroup& against);
double area_p_value(const RunGroup& group, const RunGroup& against);

// All pairs of groups by Wilcoxon's test of the areas: name, against, aulc_difference (of the areas
// as they are, also where lower is better), p_value and p_holm (Holm 1979).
Json pair_tests(const std::vector<RunGroup>& groups);

// Mean ranks over seeds with Friedman's test and Nemenyi's critical difference; null with one group
// or one seed. cliques: lists of names, neighbours in rank, that do not differ.
Json rank_tests(const std::vector<RunGroup>& groups);

// For 90, 95 and 99 % of what the whole pool gives on each seed (the metric's reached()): how many
// seeds reached it, the median of the labels and its interval by order statistics (95 % or more),
// null where it was not reached or the seeds are too few. A share of nothing, an R² of 0 or less,
// is never reached. Empty where the score of the full pool was not asked for.
Json labels_to_reach(const RunGroup& group);

}  // namespace querist::loop
