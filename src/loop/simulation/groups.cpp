// A seed that never reaches a target needed infinitely many labels.
#include "loop/simulation/groups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "metrics/distributions.h"
#include "metrics/intervals.h"
#include "metrics/learning_curve.h"
#include "metrics/multiple_comparisons.h"

namespace querist::loop {

std::vector<double> area_differences(const RunGroup& group, const RunGroup& against) {
  std::vector<double> differences;
  for (size_t i = 0; i < group.areas.size(); ++i)
    differences.push_back(group.areas[i] - against.areas[i]);
  return differences;
}

double area_p_value(const RunGroup& group, const RunGroup& against) {
  const double tied =
      std::max(group.metric->tied_within(group.areas), group.metric->tied_within(against.areas));
  return metrics::wilcoxon_signed_rank(area_differences(group, against), tied).p_value;
}

Json pair_tests(const std::vector<RunGroup>& groups) {
  Json rows = Json::array();
  std::vector<double> p_values;
  for (size_t a = 0; a < groups.size(); ++a) {
    for (size_t b = a + 1; b < groups.size(); ++b) {
      p_values.push_back(area_p_value(groups[a], groups[b]));
      rows.push_back({{"name", groups[a].name},
                      {"against", groups[b].name},
                      {"aulc_difference", metrics::mean(area_differences(groups[a], groups[b]))},
                      {"p_value", p_values.back()}});
    }
  }
  if (rows.empty() || groups[0].areas.size() < 2) {  // One seed tells nothing of chance.
    for (Json& row : rows) row["p_value"] = row["p_holm"] = nullptr;
    return rows;
  }
  const auto corrected = metrics::holm(p_values);
  for (size_t i = 0; i < corrected.size(); ++i) rows[i]["p_holm"] = corrected[i];
  return rows;
}

// The longest stretches of neighbours in rank that lie within the critical difference.
static Json cliques_of(const std::vector<RunGroup>& groups, const std::vector<double>& ranks,
                       double difference) {
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ranks[a] < ranks[b]; });
  Json cliques = Json::array();
  size_t reached = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    size_t end = i;
    while (end + 1 < order.size() && ranks[order[end + 1]] - ranks[order[i]] <= difference) ++end;
    if (end == i || end <= reached) continue;  // Alone, or inside the one before.
    reached = end;
    Json names = Json::array();
    for (size_t k = i; k <= end; ++k) names.push_back(groups[order[k]].name);
    cliques.push_back(names);
  }
  return cliques;
}

Json rank_tests(const std::vector<RunGroup>& groups) {
  const size_t seeds = groups.front().areas.size();
  if (groups.size() < 2 || seeds < 2) return nullptr;
  std::vector<double> blocks;
  std::vector<double> ranks(groups.size());
  for (size_t seed = 0; seed < seeds; ++seed) {
    std::vector<double> areas;
    for (const RunGroup& group : groups) areas.push_back(group.areas[seed]);
    const auto block = groups.front().metric->ranks(areas);
    for (size_t g = 0; g < ranks.size(); ++g) ranks[g] += block[g] / static_cast<double>(seeds);
    blocks.insert(blocks.end(), block.begin(), block.end());
  }
  const double difference = metrics::critical_difference(groups.size(), seeds);
  Json rows = Json::array();
  for (size_t g = 0; g < groups.size(); ++g)
    rows.push_back({{"name", groups[g].name}, {"rank_mean", ranks[g]}});
  return {{"groups", rows},
          {"seeds", seeds},
          {"friedman_p_value", metrics::friedman(blocks, groups.size()).p_value},
          {"critical_difference", difference},
          {"cliques", cliques_of(groups, ranks, difference)}};
}

static Json finite_or_null(double labels) {
  return std::isfinite(labels) ? Json(labels) : Json(nullptr);
}

Json labels_to_reach(const RunGroup& group) {
  Json rows = Json::array();
  const size_t seeds = group.runs.size();
  for (const double share : {0.90, 0.95, 0.99}) {
    std::vector<double> needed;
    for (const SimulationRun* run : group.runs) {
      const std::optional<double>& full = run->*group.metric->reached().full;
      if (!full) return Json::array();
      std::optional<double> labels;
      if (*full > 0) {
        labels = metrics::labels_to_reach(run->labels, run->*group.metric->reached().curve,
                                          share * *full);
      }
      needed.push_back(labels.value_or(std::numeric_limits<double>::infinity()));
    }
    std::sort(needed.begin(), needed.end());
    const auto reached = std::count_if(needed.begin(), needed.end(),
                                       [](double labels) { return std::isfinite(labels); });
    const double middle =
        seeds % 2 ? needed[seeds / 2] : (needed[seeds / 2 - 1] + needed[seeds / 2]) / 2;
    const auto n = static_cast<int64_t>(seeds);
    int64_t below = 0;  // So many values may lie outside at either end.
    while (metrics::binomial_cdf(below, n, 0.5) <= 0.025) ++below;
    const bool enough = below > 0;
    const auto at = [&](int64_t place) {
      return finite_or_null(needed[static_cast<size_t>(place)]);
    };
    rows.push_back({{"share", share},
                    {"reached", reached},
                    {"seeds", seeds},
                    {"median", finite_or_null(middle)},
                    {"ci_low", enough ? at(below - 1) : Json(nullptr)},
                    {"ci_high", enough ? at(n - below) : Json(nullptr)}});
  }
  return rows;
}

}  // namespace querist::loop
