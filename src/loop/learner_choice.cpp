// One standard error in favour of what is there.
#include "loop/learner_choice.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "learners/cross_validation.h"
#include "learners/gbdt/xgboost.h"
#include "loop/signals.h"
#include "metrics/classification.h"
#include "metrics/intervals.h"
#include "metrics/one_standard_error.h"
#include "metrics/stratified_folds.h"

namespace querist::loop {

static constexpr std::string_view auto_learner = "auto";
static constexpr size_t folds = 5;
static constexpr double growth = 1.5;  // Of the labels, before the next look.

// Plainest first: ties go to the earlier one.
static constexpr std::string_view candidates[] = {"logistic_regression", "naive_bayes", "forest",
                                                  "gbdt", "rbf_svm"};

bool is_auto_learner(std::string_view expression) { return expression == auto_learner; }

std::vector<learners::ChosenLearner> learners_for(std::string_view expression) {
  if (!is_auto_learner(expression)) return {learner_for(expression)};
  std::vector<learners::ChosenLearner> all;
  for (const std::string_view name : candidates) all.push_back(learner_for(name));
  return all;
}

learners::ChosenLearner with_class_weight(learners::ChosenLearner learner,
                                          const std::string& class_weight) {
  for (const ParamSpec& spec : learner.card->params) {
    if (spec.name == "class_weight" && !learner.params.changed("class_weight"))
      learner.params.set("class_weight", class_weight);
  }
  return learner;
}

// The size of a training set, as far as it decides what a training costs.
struct Size {
  double rows = 0, cols = 0, entries = 0, outputs = 0;
  bool is_sparse = false;
  bool has_negative = false;
};

static Size size_of(const Dataset& data) {
  const Features& x = data.features;
  Size size{.rows = static_cast<double>(x.rows),
            .cols = static_cast<double>(x.cols),
            .outputs = data.classes == 2 ? 1 : static_cast<double>(data.classes),
            .is_sparse = x.kind == Features::Kind::sparse};
  size.entries = size.rows * size.cols;
  if (!size.is_sparse) return size;
  const auto begin = x.sparse.offsets[0], end = x.sparse.offsets[x.rows];
  size.entries = static_cast<double>(end - begin);
  size.has_negative = std::any_of(x.sparse.values + begin, x.sparse.values + end,
                                  [](float value) { return value < 0; });
  return size;
}

// Processor seconds of one training at the defaults, fitted to measured times of 100 to 10,000
// rows and rounded up. Logistic regression and naive Bayes are always cheap enough.
static double expected_seconds(std::string_view learner, const Size& size) {
  if (learner == "forest") {  // 100 trees, each level over its rows and the columns drawn.
    return 2e-6 * size.rows * std::log2(size.rows + 1) * std::sqrt(size.cols);
  }
  if (learner == "gbdt") {  // 100 rounds of a tree an output: histograms and their bins.
    return 100 * size.outputs * (1.5e-4 + 4e-7 * size.cols + 1.6e-8 * size.entries);
  }
  if (learner == "rbf_svm") {  // A machine for each two classes, and its sigmoid.
    const double pairs = std::max(1.0, size.outputs * (size.outputs - 1) / 2);
    return 1.5e-3 * pairs + 5e-9 * size.rows * size.rows * (size.cols + 20);
  }
  return 0;
}

// Why a learner is not asked; nothing where it is.
static std::optional<std::string> reason_to_sit_out(std::string_view learner, const Size& size) {
  if (learner == "naive_bayes" && (!size.is_sparse || size.has_negative))
    return "it is for counts: sparse features that are not negative";
  if (learner == "rbf_svm" && size.is_sparse) return "it is for dense features";
  if (learner == "gbdt" && !learners::has_xgboost()) return "the XGBoost library is not installed";
  const double seconds = expected_seconds(learner, size) * static_cast<double>(folds);
  if (seconds > cheap_seconds)
    return fmt::format("its comparison would take about {:.0f} s", std::ceil(seconds));
  return std::nullopt;
}

// The labels to look at: all, or an even share of each class.
struct Sample {
  OwnedFeatures features;
  Dataset data;
};

static void draw(const Dataset& data, uint64_t seed, Sample& sample) {
  const size_t parts = (data.labels.size() + most_examined - 1) / most_examined;
  const auto part = metrics::stratified_folds(data.labels, data.classes, parts, mix_seed(seed, 1));
  std::vector<int64_t> rows;
  sample.data.classes = data.classes;
  for (size_t i = 0; i < data.labels.size(); ++i) {
    if (part[i] != 0) continue;
    rows.push_back(static_cast<int64_t>(i));
    sample.data.labels.push_back(data.labels[i]);
    if (!data.weights.empty()) sample.data.weights.push_back(data.weights[i]);
  }
  sample.features = take_rows(data.features, rows);
  sample.data.features = sample.features.view();
}

struct Candidate {
  std::string_view name;
  std::string left_out;  // Empty: it is compared.
  std::vector<double> losses;
  metrics::PairedGain found;
};

// -ln p of each row's label. n labels cannot show that a chance is below 1 / 2n, so p counts as no
// less: one label that a model rules out must not outweigh all others.
static std::vector<double> losses_of(std::string_view name, const Dataset& data,
                                     const std::string& class_weight, uint64_t seed) {
  const auto learner = with_class_weight(learner_for(name), class_weight);
  const Matrix held_out = learners::out_of_fold_probabilities(*learner.card, data, learner.params,
                                                              folds, mix_seed(seed, 2));
  const double least = 0.5 / static_cast<double>(data.labels.size());
  return metrics::log_losses(data.labels, held_out, least);
}

static double error_of(std::span<const double> losses) {
  return metrics::standard_deviation(losses) / std::sqrt(static_cast<double>(losses.size()));
}

static std::string loss_text(const Candidate& candidate) {
  return fmt::format("{:.2f} ± {:.2f}", candidate.found.loss, error_of(candidate.losses));
}

static std::string sentence_of(const std::vector<Candidate>& compared, size_t chosen,
                               size_t labels) {
  const Candidate& present = compared[0];
  if (chosen > 0) {
    return fmt::format("{} replaces {}: out-of-fold log loss {} against {} on {} labels.",
                       compared[chosen].name, present.name, loss_text(compared[chosen]),
                       loss_text(present), labels);
  }
  if (compared.size() == 1) {
    return fmt::format("{} stays: no other learner suits these features and this many labels.",
                       present.name);
  }
  const auto next = std::min_element(
      compared.begin() + 1, compared.end(),
      [](const Candidate& a, const Candidate& b) { return a.found.loss < b.found.loss; });
  return fmt::format(
      "{} stays: out-of-fold log loss {} on {} labels; the best other learner, {}, has {}, {}.",
      present.name, loss_text(present), labels, next->name, loss_text(*next),
      next->found.loss < present.found.loss ? "which is within one standard error" : "no less");
}

static Json candidate_json(const Candidate& candidate) {
  if (!candidate.left_out.empty())
    return {{"learner", candidate.name}, {"left_out", candidate.left_out}};
  return {{"learner", candidate.name},
          {"log_loss", candidate.found.loss},
          {"standard_error", error_of(candidate.losses)},
          {"gain", candidate.found.gain},
          {"gain_standard_error", candidate.found.standard_error}};
}

static Json examine(const Dataset& data, std::string_view present, const std::string& class_weight,
                    uint64_t seed, const Progress& progress) {
  Sample sample;
  draw(data, seed, sample);
  const Size size = size_of(sample.data);
  std::vector<Candidate> compared = {{.name = present, .left_out = {}, .losses = {}, .found = {}}};
  std::vector<Candidate> left_out;
  for (const std::string_view name : candidates) {
    if (name == present) continue;
    const auto reason = reason_to_sit_out(name, size);
    (reason ? left_out : compared)
        .push_back({.name = name, .left_out = reason.value_or(""), .losses = {}, .found = {}});
  }
  std::vector<std::vector<double>> losses;
  for (Candidate& candidate : compared) {
    progress.check();
    candidate.losses = losses_of(candidate.name, sample.data, class_weight, seed);
    losses.push_back(candidate.losses);
  }
  const auto choice = metrics::choose_by_one_standard_error(losses);
  Json rows = Json::array();
  for (size_t i = 0; i < compared.size(); ++i) {
    compared[i].found = choice.methods[i];
    rows.push_back(candidate_json(compared[i]));
  }
  for (const Candidate& candidate : left_out) rows.push_back(candidate_json(candidate));
  return {{"learner", compared[choice.chosen].name},
          {"before", present},
          {"labels", data.labels.size()},
          {"compared_labels", sample.data.labels.size()},
          {"classes", data.classes},
          {"candidates", rows},
          {"sentence", sentence_of(compared, choice.chosen, sample.data.labels.size())}};
}

static bool is_candidate(std::string_view name) {
  return std::find(std::begin(candidates), std::end(candidates), name) != std::end(candidates);
}

static bool is_due(const Dataset& data, const Json& before) {
  const size_t labels = data.labels.size();
  if (labels < first_examination) return false;
  const bool one_class = std::all_of(data.labels.begin(), data.labels.end(),
                                     [&](int32_t label) { return label == data.labels[0]; });
  if (one_class) return false;
  if (before.is_null() || before["labels"] == 0) return true;
  return static_cast<double>(labels) >= growth * before["labels"].get<double>() ||
         before["classes"] != data.classes;
}

LearnerChoice choose_learner(const Dataset& data, const Json& before, std::string_view present,
                             const std::string& class_weight, uint64_t seed,
                             const Progress& progress) {
  LearnerChoice choice;
  choice.record = before;
  std::string now(candidates[0]);
  if (is_candidate(present)) now = present;
  if (!before.is_null()) now = before["learner"].get<std::string>();
  if (is_due(data, before)) {
    choice.record = examine(data, now, class_weight, seed, progress);
    choice.is_fresh = true;
  } else if (before.is_null()) {
    choice.record = {{"learner", now},
                     {"before", now},
                     {"labels", 0},
                     {"classes", data.classes},
                     {"candidates", Json::array()},
                     {"sentence", fmt::format("{} until there are {} labels of two classes to "
                                              "compare learners on.",
                                              now, first_examination)}};
  }
  choice.learner =
      with_class_weight(learner_for(choice.record["learner"].get<std::string>()), class_weight);
  return choice;
}

}  // namespace querist::loop
