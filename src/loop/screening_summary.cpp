// What simulated screening comes to: the reading saved at a recall, as JSON.
#include "loop/screening.h"
#include "loop/simulation/comparisons.h"
#include "metrics/intervals.h"
#include "metrics/paired_tests.h"
#include "metrics/work_saved.h"

namespace querist::loop {

static std::vector<const ScreeningRun*> runs_of(const Screening& screening,
                                                const std::string& strategy) {
  std::vector<const ScreeningRun*> runs;
  for (const ScreeningRun& run : screening.runs) {
    if (run.strategy == strategy) runs.push_back(&run);
  }
  return runs;
}

static std::vector<double> work_saved(const Screening& screening, const std::string& strategy,
                                      double recall) {
  std::vector<double> values;
  for (const ScreeningRun* run : runs_of(screening, strategy)) {
    values.push_back(metrics::work_saved_over_sampling(
        run->found_at, static_cast<int64_t>(screening.records), recall));
  }
  return values;
}

static Json summary_of(const Screening& screening, const std::string& strategy) {
  const auto at_95 = work_saved(screening, strategy, 0.95);
  std::vector<double> early;
  for (const ScreeningRun* run : runs_of(screening, strategy)) {
    early.push_back(
        metrics::recall_after(run->found_at, static_cast<int64_t>(screening.records), 0.1));
  }
  return {{"strategy", strategy},
          {"wss_95_mean", metrics::mean(at_95)},
          {"wss_95_sd", metrics::standard_deviation(at_95)},
          {"reading_saved_95_mean", metrics::mean(at_95) + 0.05},
          {"wss_100_mean", metrics::mean(work_saved(screening, strategy, 1))},
          {"recall_10_mean", metrics::mean(early)}};
}

static Json comparison_of(const Screening& screening, const std::string& strategy,
                          const std::string& against) {
  const auto ours = work_saved(screening, strategy, 0.95);
  const auto theirs = work_saved(screening, against, 0.95);
  std::vector<double> differences;
  for (size_t i = 0; i < ours.size(); ++i) differences.push_back(ours[i] - theirs[i]);
  Json row = {{"strategy", strategy}, {"against", against}};
  row.update(paired_difference("wss_95_difference", differences,
                               metrics::wilcoxon_signed_rank(differences, 1e-12).p_value));
  return row;
}

Json screening_json(const Screening& screening) {
  Json runs = Json::array();
  std::vector<std::string> strategies;
  const auto records = static_cast<int64_t>(screening.records);
  for (const ScreeningRun& run : screening.runs) {
    if (strategies.empty() || strategies.back() != run.strategy) strategies.push_back(run.strategy);
    runs.push_back({{"strategy", run.strategy},
                    {"seed", run.seed},
                    {"prior", run.prior},
                    {"indices", run.indices},
                    {"found_at", run.found_at},
                    {"reading_saved_95", metrics::reading_saved(run.found_at, records, 0.95)},
                    {"wss_95", metrics::work_saved_over_sampling(run.found_at, records, 0.95)}});
  }
  Json summary = Json::array();
  Json comparisons = Json::array();
  for (const std::string& strategy : strategies) {
    summary.push_back(summary_of(screening, strategy));
    for (const std::string& against : strategies) {
      if (against == "random" && strategy != against)
        comparisons.push_back(comparison_of(screening, strategy, against));
    }
  }
  return {{"protocol", "screening"},
          {"data",
           {{"records", screening.records},
            {"relevant", screening.relevant},
            {"relevant_class", screening.relevant_class}}},
          {"runs", runs},
          {"summary", summary},
          {"comparisons", comparisons}};
}

}  // namespace querist::loop
