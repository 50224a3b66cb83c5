// Data sets stand where a single result has seeds, so that ranks and tests are the same code.
#include "loop/simulation/combined.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/groups.h"
#include "loop/simulation/sections.h"
#include "metrics/intervals.h"

namespace querist::loop {

// A row of a result's summary, as far as it counts here.
struct Score {
  Json schedule = Json::object();
  std::string name, strategy, learner;
  double area = 0;

  bool competes_with(const Score& other) const {
    return schedule == other.schedule && name == other.name && learner == other.learner;
  }
  std::string told() const {  // For errors.
    std::string text = name;
    if (!learner.empty() && name.find(learner) == std::string::npos) text += " under " + learner;
    if (!schedule.empty()) {
      text += fmt::format(" (batches of {}, {} labels)", schedule["batch_size"].dump(),
                          schedule["budget"].dump());
    }
    return text;
  }
};

struct DataSet {
  std::string file, metric;
  Json facts;
  std::vector<Score> scores;
};

static const Json& part_of(const Json& object, const char* key, const std::string& file,
                           bool (Json::*is)() const noexcept) {
  if (!object.is_object() || !object.contains(key) || !(object[key].*is)()) {
    refuse("{} is no result of querist simulate, or damaged: it has no proper \"{}\"", file, key);
  }
  return object[key];
}

static Score score_of(const Json& row, const std::string& file) {
  Score score;
  score.name = part_of(row, "name", file, &Json::is_string);
  score.strategy = part_of(row, "strategy", file, &Json::is_string);
  score.learner = part_of(row, "learner", file, &Json::is_string);
  if (score.learner.empty()) score.learner = "rbf_svm";  // Unsaid by the protocol's first results.
  score.area = part_of(row, "aulc_mean", file, &Json::is_number);
  if (row.contains("budget")) {
    score.schedule = {{"batch_size", part_of(row, "batch_size", file, &Json::is_number_unsigned)},
                      {"budget", part_of(row, "budget", file, &Json::is_number_unsigned)}};
  }
  return score;
}

// What an area is divided by: errors in units of their own could not be compared over data sets, in
// standard deviations of what is predicted they can.
static double unit_of(const Metric& metric, const Json& data, const std::string& file) {
  if (!metric.judged().has_unit) return 1;
  const double unit = part_of(data, "target_sd", file, &Json::is_number);
  if (!(unit > 0)) refuse("{} is damaged: its target_sd is {}", file, unit);
  return unit;
}

static DataSet read_result(const SavedResult& saved) {
  const std::string& file = saved.file;
  if (!Json::accept(saved.content)) {
    refuse("{} is no whole JSON: it is damaged, or not what querist simulate --out wrote", file);
  }
  const Json result = parse_json(saved.content);
  const Json& data = part_of(result, "data", file, &Json::is_object);
  const Json& summary = part_of(result, "summary", file, &Json::is_array);
  const Json& runs = part_of(result, "runs", file, &Json::is_array);
  DataSet set{.file = file, .metric = part_of(result, "metric", file, &Json::is_string)};
  const double unit = unit_of(find_metric(set.metric), data, file);
  for (const char* key : {"rows", "classes", "pool", "test"})
    set.facts[key] = part_of(data, key, file, &Json::is_number_unsigned);
  for (const Json& row : summary) {
    Score score = score_of(row, file);
    score.area /= unit;
    for (const Score& other : set.scores) {
      if (score.competes_with(other)) refuse("{} is damaged: it has {} twice", file, score.told());
    }
    set.scores.push_back(score);
  }
  if (summary.empty() || runs.empty() || runs.size() % summary.size() != 0)
    refuse("{} is damaged: {} runs of {} strategies", file, runs.size(), summary.size());
  set.facts["seeds"] = runs.size() / summary.size();
  return set;
}

// Refuses scores of the one that the other has not.
static void check_covers(const DataSet& set, const DataSet& other) {
  for (const Score& score : set.scores) {
    if (std::none_of(other.scores.begin(), other.scores.end(),
                     [&](const Score& found) { return score.competes_with(found); })) {
      refuse(
          "{} has {}, but {} has not: combine results of the same strategies, learners, batch "
          "sizes and budgets",
          set.file, score.told(), other.file);
    }
  }
}

static void name_sets(std::vector<DataSet>& sets) {
  const auto stem = [](const DataSet& set) {
    return std::filesystem::path(set.file).stem().string();
  };
  for (DataSet& set : sets) {
    const auto alike = std::count_if(
        sets.begin(), sets.end(), [&](const DataSet& other) { return stem(other) == stem(set); });
    set.facts["data_set"] = alike > 1 ? set.file : stem(set);
    set.facts["file"] = set.file;
  }
}

static std::vector<DataSet> read_results(const std::vector<SavedResult>& results) {
  if (results.size() < 2)
    refuse("combining takes the results of two data sets or more, not {}", results.size());
  std::vector<DataSet> sets;
  for (size_t i = 0; i < results.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (results[k].content == results[i].content)
        refuse("{} and {} are one result: give each data set once", results[k].file,
               results[i].file);
    }
    sets.push_back(read_result(results[i]));
  }
  for (const DataSet& set : sets) {
    if (set.metric != sets[0].metric) {
      refuse("{} has areas by {}, {} by {}: combine results of one metric", sets[0].file,
             sets[0].metric, set.file, set.metric);
    }
    check_covers(sets[0], set);
    check_covers(set, sets[0]);
  }
  name_sets(sets);
  return sets;
}

// One group a strategy, its areas those of the sets in turn.
static std::vector<RunGroup> groups_of(const std::vector<DataSet>& sets, const Json& schedule) {
  std::vector<RunGroup> groups;
  for (const Score& score : sets[0].scores) {
    if (score.schedule != schedule) continue;
    RunGroup group{.name = score.name,
                   .strategy = score.strategy,
                   .learner = score.learner,
                   .metric = &find_metric(sets[0].metric)};
    for (const DataSet& set : sets) {
      group.areas.push_back(std::find_if(set.scores.begin(), set.scores.end(), [&](const Score& s) {
                              return score.competes_with(s);
                            })->area);
    }
    groups.push_back(std::move(group));
  }
  if (groups.size() < 2) refuse("the results have one strategy alone: there is nothing to compare");
  return groups;
}

static Json pairs_of(const std::vector<RunGroup>& groups) {
  Json rows = pair_tests(groups);
  size_t at = 0;
  for (size_t a = 0; a < groups.size(); ++a) {
    for (size_t b = a + 1; b < groups.size(); ++b) {
      int64_t wins = 0, losses = 0;
      for (size_t i = 0; i < groups[a].areas.size(); ++i) {
        const auto ranks = groups[a].metric->ranks({groups[a].areas[i], groups[b].areas[i]});
        wins += ranks[0] < ranks[1];
        losses += ranks[0] > ranks[1];
      }
      rows[at].update({{"wins", wins}, {"losses", losses}});
      ++at;
    }
  }
  return rows;
}

static Json combined_section(const std::vector<DataSet>& sets, const Json& schedule) {
  const std::vector<RunGroup> groups = groups_of(sets, schedule);
  Json ranks = rank_tests(groups);
  ranks["data_sets"] = ranks["seeds"];
  ranks.erase("seeds");
  Json data_sets = Json::array(), scores = Json::array(), summary = Json::array();
  for (size_t i = 0; i < sets.size(); ++i) {
    data_sets.push_back(sets[i].facts);
    std::vector<double> areas;
    for (const RunGroup& group : groups) areas.push_back(group.areas[i]);
    const auto places = groups.front().metric->ranks(areas);
    for (size_t g = 0; g < groups.size(); ++g) {
      scores.push_back({{"data_set", sets[i].facts["data_set"]},
                        {"name", groups[g].name},
                        {"aulc_mean", areas[g]},
                        {"rank", places[g]}});
    }
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    summary.push_back({{"strategy", groups[g].strategy},
                       {"learner", groups[g].learner},
                       {"name", groups[g].name},
                       {"aulc_mean", metrics::mean(groups[g].areas)},
                       {"rank_mean", ranks["groups"][g]["rank_mean"]}});
  }
  return {{"metric", sets[0].metric}, {"data_sets", data_sets},    {"scores", scores},
          {"summary", summary},       {"pairs", pairs_of(groups)}, {"ranks", ranks}};
}

Json combined_results(const std::vector<SavedResult>& results) {
  const std::vector<DataSet> sets = read_results(results);
  std::vector<Section> sections;
  for (const Score& score : sets[0].scores) {
    const bool known = std::any_of(sections.begin(), sections.end(), [&](const Section& section) {
      return section.schedule == score.schedule;
    });
    if (!known) sections.push_back({score.schedule, combined_section(sets, score.schedule)});
  }
  return joined_sections(std::move(sections));
}

std::string too_few_sets_text(const Json& combined) {
  const Json section = sections_of(combined).front();
  return too_few_text(section["data_sets"].size(), section["pairs"].size(), "data sets", "sets");
}

std::string area_note(const Json& combined) {
  const Metric& metric = find_metric(combined.at("metric").get<std::string>());
  if (metric.area_word != "aulc") return " " + metric.area_text();
  if (!metric.lower_is_better) return "";
  const char* unit =
      metric.judged().has_unit ? " in standard deviations of each set's numbers" : "";
  return fmt::format(" Areas are of the {}{}: lower is better.", metric.judged().word, unit);
}

}  // namespace querist::loop
