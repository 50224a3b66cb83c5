// Results of several data sets together, against SciPy; damaged and ill-matched files are refused.
#include "loop/simulation/combined.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "loop/simulation/sections.h"

namespace querist::loop {

using Areas = std::vector<std::pair<std::string, double>>;

// As `querist simulate --out` writes it, as far as combining reads.
static Json result_of(const Areas& areas, const Json& schedule = Json::object()) {
  Json result = {{"data", {{"rows", 100}, {"classes", 2}, {"pool", 60}, {"test", 40}}},
                 {"metric", "accuracy"},
                 {"runs", Json::array()},
                 {"summary", Json::array()}};
  for (const auto& [name, area] : areas) {
    Json row = {{"strategy", name}, {"learner", "ridge"}, {"name", name}, {"aulc_mean", area}};
    row.update(schedule);
    result["summary"].push_back(row);
    for (int seed = 0; seed < 3; ++seed) result["runs"].push_back({{"strategy", name}});
  }
  return result;
}

static const std::vector<std::string> names = {"auto", "margin", "badge", "random"};
// Nine data sets; on the seventh the first two are equal.
static const std::vector<std::vector<double>> areas = {
    {0.913, 0.781, 0.664, 0.952, 0.874, 0.705, 0.829, 0.888, 0.741},
    {0.905, 0.790, 0.641, 0.9495, 0.861, 0.694, 0.829, 0.8764, 0.7155},
    {0.899, 0.7735, 0.655, 0.931, 0.866, 0.673, 0.8127, 0.8695, 0.7219},
    {0.871, 0.7521, 0.6237, 0.9402, 0.8345, 0.6783, 0.7902, 0.8611, 0.7054}};

static std::vector<SavedResult> nine_results() {
  std::vector<SavedResult> results;
  for (size_t set = 0; set < 9; ++set) {
    Areas row;
    for (size_t i = 0; i < names.size(); ++i) row.emplace_back(names[i], areas[i][set]);
    if (set == 4) std::reverse(row.begin(), row.end());  // The order of strategies is free.
    results.push_back({fmt::format("out/set{}.json", set), result_of(row).dump()});
  }
  return results;
}

// Made by SciPy 1.17: stats.rankdata; stats.friedmanchisquare turned into Iman and Davenport's F
// and stats.f.sf; stats.studentized_range.ppf(0.95, 4, inf) / sqrt(2) * sqrt(4 * 5 / (6 * 9));
// stats.wilcoxon(method="exact") of each pair's differences without the zero; Holm by its formula.
// Ranks and exact p values are short fractions; F's tail and the range's quantile are integrals
// that both sides compute to ten digits and to six.
TEST(CombinedResults, AgreeWithSciPy) {
  const Json combined = combined_results(nine_results());
  const Json& ranks = combined["ranks"];
  const double mean_ranks[] = {1.1666666666666667, 2.1666666666666665, 2.888888888888889,
                               3.7777777777777777};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(ranks["groups"][i]["name"], names[i]);
    EXPECT_NEAR(ranks["groups"][i]["rank_mean"].get<double>(), mean_ranks[i], 1e-12);
    EXPECT_NEAR(combined["summary"][i]["rank_mean"].get<double>(), mean_ranks[i], 1e-12);
  }
  EXPECT_EQ(ranks["data_sets"], 9);
  EXPECT_NEAR(ranks["friedman_p_value"].get<double>(), 2.9456912066725963e-07, 1e-15);
  EXPECT_NEAR(ranks["critical_difference"].get<double>(), 1.563462947523544, 1e-6);
  EXPECT_EQ(ranks["cliques"],
            Json::parse(R"([["auto", "margin"], ["margin", "badge"], ["badge", "random"]])"));
  struct Pair {
    const char *name, *against;
    double difference, p_value, p_holm;
    int wins, losses;
  };
  const Pair pairs[] = {{"auto", "margin", 0.009511111111111113, 0.0390625, 0.08203125, 7, 1},
                        {"auto", "badge", 0.01615555555555554, 0.00390625, 0.0234375, 9, 0},
                        {"auto", "random", 0.032277777777777766, 0.00390625, 0.0234375, 9, 0},
                        {"margin", "badge", 0.0066444444444444285, 0.12890625, 0.12890625, 6, 3},
                        {"margin", "random", 0.02276666666666665, 0.00390625, 0.0234375, 9, 0},
                        {"badge", "random", 0.016122222222222222, 0.02734375, 0.08203125, 7, 2}};
  ASSERT_EQ(combined["pairs"].size(), 6u);
  for (size_t i = 0; i < 6; ++i) {
    const Json& row = combined["pairs"][i];
    EXPECT_EQ(row["name"], pairs[i].name);
    EXPECT_EQ(row["against"], pairs[i].against);
    EXPECT_NEAR(row["aulc_difference"].get<double>(), pairs[i].difference, 1e-12);
    EXPECT_NEAR(row["p_value"].get<double>(), pairs[i].p_value, 1e-12);
    EXPECT_NEAR(row["p_holm"].get<double>(), pairs[i].p_holm, 1e-12);
    EXPECT_EQ(row["wins"], pairs[i].wins);
    EXPECT_EQ(row["losses"], pairs[i].losses);
  }
}

TEST(CombinedResults, NameTheSetsAndTellEveryScore) {
  auto results = nine_results();
  results[1].file = "other/set0.json";
  const Json combined = combined_results(results);
  EXPECT_EQ(combined["data_sets"][0]["data_set"], "out/set0.json") << "two files have that stem";
  EXPECT_EQ(combined["data_sets"][1]["data_set"], "other/set0.json");
  EXPECT_EQ(combined["data_sets"][2]["data_set"], "set2");
  EXPECT_EQ(combined["data_sets"][2]["seeds"], 3);
  EXPECT_EQ(combined["data_sets"][2]["pool"], 60);
  ASSERT_EQ(combined["scores"].size(), 36u);
  const Json score = {{"data_set", "set4"}, {"name", "badge"}, {"aulc_mean", 0.866}, {"rank", 2.0}};
  EXPECT_EQ(combined["scores"][4 * 4 + 2], score);
  EXPECT_EQ(combined["scores"][6 * 4]["rank"], 1.5) << "ties share their rank";
}

// One judgement for each schedule, the same as of results that have it alone.
TEST(CombinedResults, JudgeEachScheduleAlone) {
  const Json schedules[] = {{{"batch_size", 10}, {"budget", 200}},
                            {{"batch_size", 50}, {"budget", 200}}};
  std::vector<SavedResult> both, first, second;
  for (size_t set = 0; set < 9; ++set) {
    Areas early, late;
    for (size_t i = 0; i < names.size(); ++i) {
      early.emplace_back(names[i], areas[i][set]);
      late.emplace_back(names[i], areas[3 - i][set]);
    }
    const std::string file = fmt::format("set{}.json", set);
    first.push_back({file, result_of(early).dump()});
    second.push_back({file, result_of(late).dump()});
    Json whole = result_of(early, schedules[0]);
    const Json other = result_of(late, schedules[1]);
    for (const char* list : {"summary", "runs"})
      whole[list].insert(whole[list].end(), other[list].begin(), other[list].end());
    for (Json& run : whole["runs"]) run["budget"] = 200;
    both.push_back({file, whole.dump()});
  }
  const auto sections = sections_of(combined_results(both));
  ASSERT_EQ(sections.size(), 2u);
  for (size_t s = 0; s < 2; ++s) {
    const Json alone = combined_results(s == 0 ? first : second);
    EXPECT_EQ(section_title(sections[s]),
              s == 0 ? "batches of 10, 200 labels" : "batches of 50, 200 labels");
    for (const char* list : {"scores", "summary", "pairs"}) {
      ASSERT_EQ(sections[s][list].size(), alone[list].size());
      for (size_t i = 0; i < alone[list].size(); ++i) {
        Json expected = alone[list][i];
        expected.update(schedules[s]);
        EXPECT_EQ(sections[s][list][i], expected);
      }
    }
    Json ranks = alone["ranks"];
    ranks.update(schedules[s]);
    EXPECT_EQ(sections[s]["ranks"], ranks);
  }
  EXPECT_NE(combined_html(combined_results(both)).find("<h2>Batches of 50, 200 labels</h2>"),
            std::string::npos);
}

// By the definition: the smallest exact p of n pairs is 2 / 2^n, and Holm's first factor is the
// number of pairs.
TEST(CombinedResults, SayWhenTheSetsAreTooFew) {
  auto results = nine_results();
  EXPECT_EQ(too_few_sets_text(combined_results(results)), "");
  results.resize(8);  // 6 · 2 / 256 = 0.047.
  EXPECT_EQ(too_few_sets_text(combined_results(results)), "");
  results.resize(7);  // 6 · 2 / 128 = 0.094.
  const std::string text = too_few_sets_text(combined_results(results));
  EXPECT_NE(text.find("0.0938"), std::string::npos) << text;
  EXPECT_NE(text.find("from 8 sets on"), std::string::npos) << text;
}

TEST(CombinedResults, ShowNamesAsTextNotAsMarkup) {
  auto results = nine_results();
  results[0].file = "<b>.json";
  const std::string page = combined_html(combined_results(results));
  EXPECT_NE(page.find("&lt;b&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("9 data sets"), std::string::npos);
  EXPECT_NE(page.find("critical difference 1.56"), std::string::npos);
}

static std::string refusal(const std::vector<SavedResult>& results) {
  try {
    combined_results(results);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(CombinedResults, RefuseDamagedFilesByName) {
  const auto results = nine_results();
  const Json whole = parse_json(results[1].content);
  const auto damaged = [&](const std::string& content) {
    auto changed = results;
    changed[1].content = content;
    return refusal(changed);
  };
  const auto cut = [&](size_t at) { return damaged(results[1].content.substr(0, at)); };
  for (size_t at = 0; at < results[1].content.size(); at += 17)
    EXPECT_NE(cut(at).find("set1.json is no whole JSON"), std::string::npos) << at;
  for (const char* key : {"data", "metric", "runs", "summary"}) {
    Json without = whole;
    without.erase(key);
    EXPECT_NE(damaged(without.dump())
                  .find(fmt::format("set1.json is no result of querist simulate, "
                                    "or damaged: it has no proper \"{}\"",
                                    key)),
              std::string::npos);
    without[key] = 7;
    EXPECT_NE(damaged(without.dump()).find("set1.json"), std::string::npos) << key;
  }
  for (const char* key : {"name", "strategy", "learner", "aulc_mean"}) {
    Json without = whole;
    without["summary"][2][key] = nullptr;
    EXPECT_NE(damaged(without.dump()).find(key), std::string::npos) << key;
  }
  Json odd = whole;
  odd["runs"].erase(0);
  EXPECT_NE(damaged(odd.dump()).find("11 runs of 4 strategies"), std::string::npos);
  odd = whole;
  odd["summary"][1] = odd["summary"][0];
  EXPECT_NE(damaged(odd.dump()).find("auto under ridge twice"), std::string::npos);
  odd = whole;
  odd["summary"] = Json::array();
  EXPECT_NE(damaged(odd.dump()).find("set1.json is damaged"), std::string::npos);
  EXPECT_NE(damaged("[]").find("no proper \"data\""), std::string::npos);
}

TEST(CombinedResults, RefuseWhatDoesNotBelongTogether) {
  const auto results = nine_results();
  const auto with = [&](const Json& changed) {
    auto others = results;
    others[1].content = changed.dump();
    return refusal(others);
  };
  const Json whole = parse_json(results[1].content);
  Json other = result_of({{"auto", 0.5}, {"margin", 0.6}, {"random", 0.7}});
  EXPECT_NE(with(other).find("set0.json has badge under ridge, but out/set1.json has not"),
            std::string::npos);
  other = result_of(
      {{"auto", 0.5}, {"margin", 0.6}, {"badge", 0.5}, {"random", 0.7}, {"entropy", 0.1}});
  EXPECT_NE(with(other).find("set1.json has entropy under ridge, but out/set0.json has not"),
            std::string::npos);
  other = whole;
  other["summary"][0]["learner"] = "forest";
  EXPECT_NE(with(other).find("auto under ridge, but"), std::string::npos);
  other = whole;
  for (Json& row : other["summary"]) row.update({{"batch_size", 5}, {"budget", 50}});
  EXPECT_NE(with(other).find("auto under ridge, but"), std::string::npos);
  other = whole;
  other["metric"] = "aubc_trapz_over_n";
  EXPECT_NE(with(other).find("one metric"), std::string::npos);
  EXPECT_NE(with(parse_json(results[0].content)).find("are one result"), std::string::npos);
  EXPECT_NE(refusal({results[0]}).find("two data sets or more"), std::string::npos);
  EXPECT_NE(
      refusal({{"a", result_of({{"auto", 0.5}}).dump()}, {"b", result_of({{"auto", 0.6}}).dump()}})
          .find("one strategy alone"),
      std::string::npos);
}

}  // namespace querist::loop
