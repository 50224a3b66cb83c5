// What a simulation comes to: areas under the learning curve, ranks and paired differences, as
// JSON.
#include <algorithm>

#include "base/error.h"
#include "loop/simulate.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/groups.h"
#include "loop/simulation/run_record.h"
#include "loop/simulation/sections.h"
#include "loop/simulation/stopping_summary.h"
#include "metrics/intervals.h"
#include "metrics/learning_curve.h"

namespace querist::loop {

// A group with what its table row says.
struct Group : RunGroup {
  std::vector<double> log_areas;
  std::vector<double> ranks;
};

static bool belongs(const Group& group, const SimulationRun& run) {
  return group.strategy == run.strategy && group.learner == run.learner &&
         group.featurizer == run.featurizer;
}

static void name_groups(std::vector<Group>& groups) {
  const Group& first = groups.front();
  const auto differ = [&](std::string RunGroup::*field) {
    return std::any_of(groups.begin(), groups.end(),
                       [&](const Group& group) { return group.*field != first.*field; });
  };
  const bool learners = differ(&RunGroup::learner);
  const bool featurizers = differ(&RunGroup::featurizer);
  for (Group& group : groups) {
    group.name = group.strategy;
    if (learners) group.name += " / " + group.learner;
    if (featurizers) group.name += " / " + group.featurizer;
  }
}

static std::vector<Group> group_runs(std::span<const SimulationRun> runs,
                                     const std::string& metric) {
  std::vector<Group> groups;
  for (const SimulationRun& run : runs) {
    if (groups.empty() || !belongs(groups.back(), run)) {
      groups.emplace_back();
      groups.back().strategy = run.strategy;
      groups.back().learner = run.learner;
      groups.back().featurizer = run.featurizer;
    }
    if (metric == "aubc_trapz_over_n" && run.accuracy.size() < 3) {
      refuse(
          "the metric aubc_trapz_over_n needs two rounds after the first labels: raise the budget");
    }
    Group& group = groups.back();
    group.runs.push_back(&run);
    group.metric = &find_metric(metric);
    const std::vector<double>& curve = group.metric->curve_of(run);
    group.areas.push_back(metric == "aubc_trapz_over_n"
                              ? metrics::aubc_trapz_over_n(std::span(curve).subspan(1))
                              : metrics::aulc(run.labels, curve));
    group.log_areas.push_back(metrics::aulc_log(run.labels, curve));
  }
  name_groups(groups);
  return groups;
}

// Rank 1 is the best area of a seed; ties share their mean rank.
static void rank_groups(std::vector<Group>& groups) {
  for (size_t seed = 0; seed < groups.front().areas.size(); ++seed) {
    std::vector<double> areas;
    for (const Group& group : groups) areas.push_back(group.areas[seed]);
    const auto ranks = groups.front().metric->ranks(areas);
    for (size_t g = 0; g < groups.size(); ++g) groups[g].ranks.push_back(ranks[g]);
  }
}

// Means over the seeds of the last values, where the curve was measured.
static void add_finals(const Group& group, Json& row) {
  for (const Measure& measure : group.metric->measures()) {
    if (!measure.in_summary) continue;
    std::vector<double> finals;
    for (const SimulationRun* run : group.runs) {
      const std::vector<double>& curve = run->*measure.curve;
      if (!curve.empty()) finals.push_back(curve.back());
    }
    if (!finals.empty()) row[fmt::format("final_{}_mean", measure.key)] = metrics::mean(finals);
  }
}

// Means over the seeds of what is measured along the way.
static Json summary_row(const Group& group) {
  std::vector<double> seconds, cost_areas, costs, full, typo_finals;
  for (const SimulationRun* run : group.runs) {
    seconds.push_back(metrics::mean(run->seconds));
    if (!run->cost.empty()) {
      cost_areas.push_back(metrics::aulc(run->cost, group.metric->curve_of(*run)));
      costs.push_back(run->cost.back());
    }
    if (const auto& score = run->*group.metric->reached().full) full.push_back(*score);
    if (!run->typo_accuracy.empty()) typo_finals.push_back(run->typo_accuracy.back());
  }
  Json row = {{"strategy", group.strategy},
              {"learner", group.learner},
              {"featurizer", group.featurizer},
              {"name", group.name},
              {"aulc_mean", metrics::mean(group.areas)},
              {"aulc_sd", metrics::standard_deviation(group.areas)},
              {"aulc_log_mean", metrics::mean(group.log_areas)},
              {"rank_mean", metrics::mean(group.ranks)},
              {"seconds_per_round_mean", metrics::mean(seconds)}};
  add_finals(group, row);
  if (group.metric->task == Task::classification) row["final_typo_accuracy_mean"] = nullptr;
  if (!typo_finals.empty()) row["final_typo_accuracy_mean"] = metrics::mean(typo_finals);
  if (!costs.empty()) {
    row["aulc_cost_mean"] = metrics::mean(cost_areas);
    row["cost_mean"] = metrics::mean(costs);
  }
  if (!full.empty()) {
    row[fmt::format("full_{}_mean", group.metric->reached().key)] = metrics::mean(full);
    row["labels_to_reach"] = labels_to_reach(group);
  }
  return row;
}

static Json data_json(const Simulation& simulation) {
  Json data = {{"rows", simulation.rows},
               {"classes", simulation.classes},
               {"pool", simulation.pool},
               {"test", simulation.test}};
  if (simulation.label_cardinality) data["label_cardinality"] = *simulation.label_cardinality;
  if (simulation.classes == 0) {
    data["target_mean"] = simulation.target_mean;
    data["target_sd"] = simulation.target_sd;
  }
  return data;
}

// The result of the runs of one schedule.
static Json section_json(const Simulation& simulation, std::span<const SimulationRun> of_schedule,
                         const std::string& metric) {
  Json runs = Json::array();
  for (const SimulationRun& run : of_schedule) runs.push_back(run_json(run));
  auto groups = group_runs(of_schedule, metric);
  rank_groups(groups);
  Json summary = Json::array();
  for (const Group& group : groups) summary.push_back(summary_row(group));
  const std::vector<RunGroup> plain(groups.begin(), groups.end());
  Json result = {
      {"data", data_json(simulation)},
      {"metric", metric},
      {"timing",
       {{"wall_seconds", simulation.wall_seconds}, {"cpu_seconds", simulation.cpu_seconds}}},
      {"runs", runs},
      {"summary", summary},
      {"comparisons", comparisons_of(plain)},
      {"pairs", pair_tests(plain)},
      {"ranks", rank_tests(plain)}};
  if (Json stopping = stopping_summary(plain); !stopping.empty())
    result["stopping"] = std::move(stopping);
  return result;
}

Json simulation_json(const Simulation& simulation, const std::string& metric) {
  const std::span<const SimulationRun> runs = simulation.runs;
  std::vector<Section> sections;
  for (size_t begin = 0, end = 0; begin < runs.size(); begin = end) {
    while (end < runs.size() && runs[end].batch_size == runs[begin].batch_size &&
           runs[end].budget == runs[begin].budget) {
      ++end;
    }
    const SimulationRun& first = runs[begin];
    Json schedule = Json::object();
    if (first.budget > 0) schedule = {{"batch_size", first.batch_size}, {"budget", first.budget}};
    sections.push_back(
        {schedule, section_json(simulation, runs.subspan(begin, end - begin), metric)});
  }
  return joined_sections(std::move(sections));
}

}  // namespace querist::loop
