// What a simulation comes to: areas under the learning curve, ranks and paired differences, as
// JSON.
#include <algorithm>
#include <numeric>

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

// The mean accuracy at each step over the given runs, which may repeat.
static std::vector<double> mean_curve(const Group& group, std::span<const size_t> seeds) {
  size_t shortest = group.runs.front()->accuracy.size();
  for (const SimulationRun* run : group.runs) shortest = std::min(shortest, run->accuracy.size());
  std::vector<double> curve(shortest, 0);
  for (const size_t seed : seeds) {
    for (size_t i = 0; i < shortest; ++i) {
      curve[i] += group.runs[seed]->accuracy[i] / static_cast<double>(seeds.size());
    }
  }
  return curve;
}

static std::optional<double> saved_on(const Group& group, const Group& against,
                                      std::span<const size_t> seeds) {
  const auto ours = mean_curve(group, seeds);
  const auto theirs = mean_curve(against, seeds);
  const size_t points = std::min(ours.size(), theirs.size());
  const std::span<const double> labels = std::span(group.runs.front()->labels).first(points);
  return metrics::labels_saved(labels, std::span(ours).first(points), labels,
                               std::span(theirs).first(points));
}

// Labels saved on the mean curves, with a percentile bootstrap over the paired seeds. A resample in
// which the target is never reached counts as nothing saved.
static void add_labels_saved(const Group& group, const Group& against, Json& row) {
  std::vector<size_t> seeds(group.runs.size());
  std::iota(seeds.begin(), seeds.end(), 0);
  const auto saved = saved_on(group, against, seeds);
  row["labels_saved"] = saved ? Json(*saved) : Json(nullptr);
  row["labels_saved_ci_low"] = nullptr;
  row["labels_saved_ci_high"] = nullptr;
  if (!saved || seeds.size() < 2) return;
  const auto interval = metrics::bootstrap_interval(
      seeds.size(),
      [&](std::span<const size_t> drawn) { return saved_on(group, against, drawn).value_or(0); },
      0);
  row["labels_saved_ci_low"] = interval.ci_low;
  row["labels_saved_ci_high"] = interval.ci_high;
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
  Json row = {{"strategy", group.strategy},
              {"against", against.strategy},
              {"aulc_difference", difference.value},
              {"ci_low", difference.ci_low},
              {"ci_high", difference.ci_high},
              {"p_value", metrics::wilcoxon_signed_rank(differences).p_value}};
  add_labels_saved(group, against, row);
  return row;
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
    if (!run.semi_supervised.empty()) runs.back()["semi_supervised"] = run.semi_supervised;
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
