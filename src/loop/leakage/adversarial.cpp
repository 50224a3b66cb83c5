// Adversarial validation: whether a classifier can tell test rows from training rows. Where it can,
// the two are not from one source.

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "learners/cross_validation.h"
#include "loop/leakage/findings.h"
#include "metrics/ranking.h"
#include "metrics/resampling.h"

namespace querist::loop::leakage {

static constexpr size_t most_of_a_side = 2000;
static constexpr size_t least_of_a_side = 30;
static constexpr size_t folds = 5;
static constexpr size_t most_tree_columns = 256;  // On wide data trees are slow.
static constexpr double telling = 0.6;            // Less is of little account, however sure it is.

static std::vector<int64_t> drawn(std::vector<int64_t> rows, uint64_t seed) {
  Rng rng(seed);
  rng.shuffle(rows);
  if (rows.size() > most_of_a_side) rows.resize(most_of_a_side);
  std::sort(rows.begin(), rows.end());
  return rows;
}

// The area under the curve of out-of-fold probabilities of being a test row.
static metrics::Estimate auc_of(const Contrast& contrast, PayloadKind payload, uint64_t seed) {
  const auto first = drawn(contrast.first, mix_seed(seed, 1));
  const auto second = drawn(contrast.second, mix_seed(seed, 2));
  std::vector<int64_t> rows = first;
  rows.insert(rows.end(), second.begin(), second.end());
  const OwnedFeatures features = take_rows(contrast.features, rows);
  Dataset data;
  data.features = features.view();
  data.classes = 2;
  for (size_t i = 0; i < rows.size(); ++i) data.labels.push_back(i >= first.size());
  const bool trees = payload == PayloadKind::columns && !features.is_sparse &&
                     features.view().cols <= most_tree_columns;
  const auto [card, params] = learners::parse_learner(trees ? "forest" : "logistic_regression");
  const Matrix p =
      learners::out_of_fold_probabilities(*card, data, params, folds, mix_seed(seed, 3));
  std::vector<double> scores, is, is_not;
  for (size_t i = 0; i < rows.size(); ++i) {
    scores.push_back(p.at(i, 1));
    is.push_back(data.labels[i]);
  }
  const metrics::RankedScores ranked(scores);
  std::vector<double> positive(rows.size()), negative(rows.size());
  const auto statistic = [&](std::span<const double> weights) {
    for (size_t i = 0; i < weights.size(); ++i) {
      positive[i] = weights[i] * is[i];
      negative[i] = weights[i] - positive[i];
    }
    return ranked.roc_auc(positive, negative);
  };
  return metrics::resampled_interval(rows.size(), statistic,
                                     {.seed = mix_seed(seed, 4), .resamples = 500});
}

// What sets the sides apart most, from the rows' own columns or words.
static Json differences(const Rows& rows, uint64_t seed) {
  std::vector<int32_t> sides(rows.is_test.begin(), rows.is_test.end());
  Json most = Json::array();
  for (const TellingFeature& feature : telling_features(rows, sides, 2, seed)) {
    if (most.size() == 3 || feature.auc < 0.55) break;
    most.push_back({{"feature", feature.name}, {"auc", feature.auc}});
  }
  return most;
}

void adversarial(const Rows& rows, const Contrast* contrast, uint64_t seed,
                 const Progress& progress, Report& report) {
  constexpr std::string_view check = "adversarial_validation";
  const Contrast sides = contrast ? *contrast
                                  : Contrast{dense_if_any(rows.features, rows.geometry),
                                             rows.side(false), rows.side(true)};
  if (sides.first.size() < least_of_a_side || sides.second.size() < least_of_a_side) {
    return skip(report, check,
                fmt::format("it needs {} rows on either side, not {} and {}", least_of_a_side,
                            sides.first.size(), sides.second.size()));
  }
  progress.check();
  const metrics::Estimate auc = auc_of(sides, rows.payload, seed);
  Finding finding;
  finding.of = static_cast<int64_t>(sides.second.size());
  finding.data["auc"] = {{"value", auc.value},
                         {"ci_low", auc.ci_low},
                         {"ci_high", auc.ci_high},
                         {"method", auc.method}};
  report.checks.push_back(
      {{"check", check}, {"state", "clean"}, {"reason", nullptr}, {"auc", finding.data["auc"]}});
  if (auc.ci_low <= 0.5 || auc.value < telling) return;
  report.checks.back()["state"] = "found";
  finding.check = check;
  finding.count = finding.of;
  finding.severity = auc.value >= 0.8 ? "high" : auc.value >= 0.7 ? "medium" : "low";
  if (!contrast) finding.examples = differences(rows, seed);
  std::string most;
  for (const Json& one : finding.examples)
    most += (most.empty() ? ", most by " : ", ") + one["feature"].get<std::string>();
  const bool project = rows.setting == Setting::project;
  finding.sentence = fmt::format(
      "{} can be told from {} with an area under the curve of {:.2f} (95 % range {:.2f} to "
      "{:.2f}){}. {}",
      project ? "Audit examples" : "Test rows",
      project ? "the rest of the project" : "training rows", auc.value, auc.ci_low, auc.ci_high,
      most,
      project ? "The audit no longer stands for all examples, as after a late import: draw more "
                "audit labels before you trust its accuracy for them."
              : "The result on them says little about rows like the training ones: split at "
                "random, or take out what sets them apart if the model will not have it.");
  report.findings.push_back(std::move(finding));
}

}  // namespace querist::loop::leakage
