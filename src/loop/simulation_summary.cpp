// What a simulation comes to: areas under the learning curve, ranks and paired differences, as
// JSON.
#include <cmath>
#include <map>

#include "loop/simulate.h"
#include "metrics/intervals.h"
#include "metrics/learning_curve.h"
#include "metrics/paired_tests.h"

namespace querist::loop {

// The runs of one strategy, by seed.
struct Group {
  std::string strategy;
  std::vector<const SimulationRun*> runs;
  std::vector<double> areas;
  std::vector<double> log_areas;
  std::vector<double> finals;
  std::vector<double> ranks;
};

static std::vector<Group> group_runs(const Simulation& simulation, const std::string& metric) {
  std::vector<Group> groups;
  for (const SimulationRun& run : simulation.runs) {
    if (groups.empty() || groups.back().strategy != run.strategy)
      groups.push_back({.strategy = run.strategy});
    Group& group = groups.back();
    group.runs.push_back(&run);
    group.areas.push_back(metric == "aubc_trapz_over_n"
                              ? metrics::aubc_trapz_over_n(std::span(run.accuracy).subspan(1))
                              : metrics::aulc(run.labels, run.accuracy));
    group.log_areas.push_back(metrics::aulc_log(run.labels, run.accuracy));
    group.finals.push_back(run.accuracy.back());
  }
  return groups;
}

// Rank 1 is the largest area of a seed; ties share their mean rank.
static void rank_groups(std::vector<Group>& groups) {
  for (size_t seed = 0; seed < groups.front().areas.size(); ++seed) {
    for (Group& group : groups) {
      double rank = 1;
      for (const Group& other : groups) {
        if (&other == &group) continue;
        if (other.areas[seed] > group.areas[seed]) rank += 1;
        if (other.areas[seed] == group.areas[seed]) rank += 0.5;
      }
      group.ranks.push_back(rank);
    }
  }
}

static std::vector<double> mean_curve(const Group& group) {
  size_t shortest = group.runs.front()->accuracy.size();
  for (const SimulationRun* run : group.runs) shortest = std::min(shortest, run->accuracy.size());
  std::vector<double> curve(shortest, 0);
  for (const SimulationRun* run : group.runs) {
    for (size_t i = 0; i < shortest; ++i)
      curve[i] += run->accuracy[i] / static_cast<double>(group.runs.size());
  }
  return curve;
}

static Json compare(const Group& group, const Group& against) {
  std::vector<double> differences;
  for (size_t seed = 0; seed < group.areas.size(); ++seed) {
    differences.push_back(group.areas[seed] - against.areas[seed]);
  }
  const metrics::Estimate difference =
      differences.size() > 1
          ? metrics::student_t_interval(differences)
          : metrics::Estimate{differences[0], differences[0], differences[0], "none"};
  const std::vector<double> ours = mean_curve(group);
  const std::vector<double> theirs = mean_curve(against);
  std::vector<double> labels = group.runs.front()->labels;
  labels.resize(std::min(ours.size(), theirs.size()));
  const std::span<const double> axis(labels);
  const auto saved = metrics::labels_saved(axis, std::span(ours).first(labels.size()), axis,
                                           std::span(theirs).first(labels.size()));
  return {{"strategy", group.strategy},
          {"against", against.strategy},
          {"aulc_difference", difference.value},
          {"ci_low", difference.ci_low},
          {"ci_high", difference.ci_high},
          {"p_value", metrics::wilcoxon_signed_rank(differences).p_value},
          {"labels_saved", saved ? Json(*saved) : Json(nullptr)}};
}

static Json comparisons_of(const std::vector<Group>& groups) {
  Json rows = Json::array();
  for (const Group& against : groups) {
    if (against.strategy != "random") continue;
    for (const Group& group : groups) {
      if (&group != &against) rows.push_back(compare(group, against));
    }
  }
  const Group& first = groups.front();
  for (const Group& other : groups) {
    if (&other != &first && other.strategy != "random" && first.strategy != "random")
      rows.push_back(compare(first, other));
  }
  return rows;
}

Json simulation_json(const Simulation& simulation, const std::string& metric) {
  Json runs = Json::array();
  for (const SimulationRun& run : simulation.runs) {
    runs.push_back({{"strategy", run.strategy},
                    {"seed", run.seed},
                    {"labels", run.labels},
                    {"accuracy", run.accuracy},
                    {"balanced_accuracy", run.balanced_accuracy},
                    {"log_loss", run.log_loss},
                    {"seconds", run.seconds},
                    {"indices", run.indices}});
  }
  auto groups = group_runs(simulation, metric);
  rank_groups(groups);
  Json summary = Json::array();
  for (const Group& group : groups) {
    summary.push_back({{"strategy", group.strategy},
                       {"aulc_mean", metrics::mean(group.areas)},
                       {"aulc_sd", metrics::standard_deviation(group.areas)},
                       {"aulc_log_mean", metrics::mean(group.log_areas)},
                       {"final_accuracy_mean", metrics::mean(group.finals)},
                       {"rank_mean", metrics::mean(group.ranks)}});
  }
  return {{"data",
           {{"rows", simulation.rows},
            {"classes", simulation.classes},
            {"pool", simulation.pool},
            {"test", simulation.test}}},
          {"metric", metric},
          {"runs", runs},
          {"summary", summary},
          {"comparisons", comparisons_of(groups)}};
}

}  // namespace querist::loop
