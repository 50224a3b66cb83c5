// The folds, the models trained without them, and the areas under the curves.
#include "loop/detector_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "metrics/ranking.h"
#include "metrics/resampling.h"
#include "metrics/stratified_folds.h"

namespace querist::loop {

namespace ood = out_of_distribution;

// Chosen rows of the data, owned; labels are ids of the classes in `kept`, or -1.
struct Part {
  OwnedFeatures features;
  OwnedFeatures embeddings;
  std::vector<int32_t> labels;

  Part(const DetectorData& from, const std::vector<int64_t>& rows, const std::vector<int32_t>& kept)
      : features(take_rows(from.data.features, rows)) {
    if (from.embeddings.cols > 0) embeddings = take_rows(from.embeddings, rows);
    for (const int64_t row : rows) {
      const int32_t label = from.data.labels[static_cast<size_t>(row)];
      const auto found = std::find(kept.begin(), kept.end(), label);
      labels.push_back(found == kept.end() ? -1 : static_cast<int32_t>(found - kept.begin()));
    }
  }
};

// A model of its own and what it says of rows.
struct FoldModel {
  std::unique_ptr<learners::Model> model;

  std::vector<double> logits(const Part& part) const {
    Matrix probabilities;
    model->probabilities(part.features.view(), probabilities);
    return ood::logits_of(probabilities);
  }
  ood::Rows rows(const Part& part, const std::vector<double>& logits) const {
    return {{part.labels.size(), model->classes(), logits.data()}, part.embeddings.view()};
  }
};

static FoldModel train_on(const learners::Learner& learner, const Params& params, const Part& part,
                          size_t classes, uint64_t seed, const Progress& progress) {
  const Dataset data{.features = part.features.view(), .labels = part.labels, .classes = classes};
  return {learners::train(learner, data, params, nullptr, seed, progress)};
}

// The trial: rows that were scored, each in the fold that scored it.
struct Trial {
  std::vector<int32_t> row;
  std::vector<size_t> fold;
  std::vector<double> is_held_out;
  std::vector<std::vector<double>> scores;  // [detector]; empty: cannot be tried.
};

// The mean over folds of the area under each one's curve.
static metrics::Estimate area(const Trial& trial, const std::vector<double>& scores, size_t folds,
                              uint64_t seed) {
  std::vector<std::vector<size_t>> members(folds);
  for (size_t i = 0; i < scores.size(); ++i) members[trial.fold[i]].push_back(i);
  std::vector<metrics::RankedScores> ranked;
  for (const auto& rows : members) {
    std::vector<double> own;
    for (const size_t i : rows) own.push_back(scores[i]);
    ranked.emplace_back(own);
  }
  const auto statistic = [&](std::span<const double> weights) {
    double sum = 0;
    double defined = 0;
    for (size_t f = 0; f < folds; ++f) {
      std::vector<double> positives, negatives;
      for (const size_t i : members[f]) {
        positives.push_back(weights[i] * trial.is_held_out[i]);
        negatives.push_back(weights[i] * (1 - trial.is_held_out[i]));
      }
      const double one = ranked[f].roc_auc(positives, negatives);
      if (std::isnan(one)) continue;  // A draw without any row of one side.
      sum += one;
      ++defined;
    }
    return defined > 0 ? sum / defined : NAN;
  };
  // A row is scored twice at most: as one of its class held out, and as a new one of the others.
  return metrics::resampled_interval(scores.size(), statistic,
                                     {.groups = trial.row, .seed = seed, .resamples = 1000});
}

// Classes that take part, in a seeded order: class number i is held out in fold i % folds.
static std::vector<int32_t> taking_part(const Dataset& data, uint64_t seed) {
  std::vector<size_t> counts(data.classes);
  for (const int32_t label : data.labels) ++counts[static_cast<size_t>(label)];
  std::vector<int32_t> classes;
  for (size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] >= least_labels_a_class) classes.push_back(static_cast<int32_t>(c));
  }
  Rng rng(seed);
  rng.shuffle(classes);
  return classes;
}

// Rows of those classes, ascending; too many are thinned out class by class.
static std::vector<int64_t> rows_of(const Dataset& data, const std::vector<int32_t>& classes,
                                    uint64_t seed) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < data.labels.size(); ++i) {
    if (std::find(classes.begin(), classes.end(), data.labels[i]) != classes.end())
      rows.push_back(static_cast<int64_t>(i));
  }
  if (rows.size() <= most_choice_rows) return rows;
  std::vector<int32_t> labels;
  for (const int64_t row : rows) labels.push_back(data.labels[static_cast<size_t>(row)]);
  // Numbers dealt out class by class: those below `most` are a stratified sample of that size.
  const auto number = metrics::stratified_folds(labels, data.classes, rows.size(), seed);
  const double share = static_cast<double>(most_choice_rows) / static_cast<double>(rows.size());
  std::vector<int64_t> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto n = static_cast<double>(number[i]);
    if (std::floor((n + 1) * share) > std::floor(n * share)) kept.push_back(rows[i]);
  }
  return kept;
}

// What every fold of the trial reads.
struct Plan {
  const learners::Learner& learner;
  const Params& params;
  const DetectorData& data;
  std::vector<int32_t> classes;
  std::vector<int64_t> rows;
  std::vector<size_t> row_fold;  // One a row of `rows`.
  size_t folds;
};

// Trains without the fold's classes and rows, and scores those.
static void run_fold(const Plan& plan, size_t f, uint64_t seed, const Progress& progress,
                     Trial& trial) {
  std::vector<int32_t> kept;
  for (size_t c = 0; c < plan.classes.size(); ++c) {
    if (c % plan.folds != f) kept.push_back(plan.classes[c]);
  }
  std::vector<int64_t> train, test;
  for (size_t i = 0; i < plan.rows.size(); ++i) {
    const int64_t row = plan.rows[i];
    const int32_t label = plan.data.data.labels[static_cast<size_t>(row)];
    const bool held_out = std::find(kept.begin(), kept.end(), label) == kept.end();
    if (!held_out && plan.row_fold[i] != f) {
      train.push_back(row);
      continue;
    }
    test.push_back(row);
    trial.row.push_back(static_cast<int32_t>(row));
    trial.fold.push_back(f);
    trial.is_held_out.push_back(held_out);
  }
  const Part known(plan.data, train, kept);
  const Part fresh(plan.data, test, kept);
  const FoldModel model = train_on(plan.learner, plan.params, known, kept.size(), seed, progress);
  const auto known_logits = model.logits(known);
  const auto fresh_logits = model.logits(fresh);
  const auto& cards = ood::all();
  for (size_t d = 0; d < cards.size(); ++d) {
    progress.check();
    if (!ood::can_read(cards[d], model.rows(known, known_logits))) continue;
    const auto fitted = ood::fit(cards[d], {model.rows(known, known_logits), known.labels},
                                 Params(cards[d].params));
    const auto scores = ood::score(fitted, model.rows(fresh, fresh_logits));
    trial.scores[d].insert(trial.scores[d].end(), scores.begin(), scores.end());
  }
}

static DetectorChoice without_trial(size_t classes) {
  DetectorChoice choice;
  choice.classes = classes;
  choice.sentence = fmt::format(
      "max_softmax, without a trial: classes are held out in turn where three or more have {} "
      "labels each; {} here.",
      least_labels_a_class, classes == 1 ? "one has" : fmt::format("{} have", classes));
  for (const auto& card : ood::all())
    choice.candidates.push_back({card.name, std::nullopt, "too few classes to hold some out"});
  return choice;
}

// A best of several that chance reaches too is no detector.
static std::string sentence_of(const DetectorChoice& choice) {
  const auto chosen = std::ranges::find(choice.candidates, choice.name, &DetectorCandidate::name);
  const metrics::Estimate& auroc = *chosen->auroc;
  if (auroc.ci_low <= 0.5) {
    return fmt::format(
        "No score tells classes that were held out from new rows of the others beyond chance: the "
        "best, {}, has AUROC {:.4f} ({:.4f} to {:.4f}) over {} folds of {} classes. What it flags "
        "means little.",
        choice.name, auroc.value, auroc.ci_low, auroc.ci_high, choice.class_folds, choice.classes);
  }
  return fmt::format(
      "{} told classes that were held out from new rows of the others best: AUROC {:.4f} over {} "
      "folds of {} classes.",
      choice.name, auroc.value, choice.class_folds, choice.classes);
}

DetectorChoice choose_detector(const learners::Learner& learner, const Params& params,
                               const DetectorData& data, uint64_t seed, const Progress& progress) {
  Plan plan{learner, params, data, taking_part(data.data, seed), {}, {}, held_out_folds};
  if (plan.classes.size() < 3) return without_trial(plan.classes.size());
  plan.folds = std::min(held_out_folds, plan.classes.size());
  plan.rows = rows_of(data.data, plan.classes, mix_seed(seed, 1));
  std::vector<int32_t> labels;
  for (const int64_t row : plan.rows) labels.push_back(data.data.labels[static_cast<size_t>(row)]);
  plan.row_fold =
      metrics::stratified_folds(labels, data.data.classes, plan.folds, mix_seed(seed, 2));
  Trial trial;
  trial.scores.resize(ood::all().size());
  for (size_t f = 0; f < plan.folds; ++f) {
    progress.at(static_cast<double>(f), static_cast<double>(plan.folds),
                "held-out folds of classes");
    run_fold(plan, f, mix_seed(seed, 10 + f), progress, trial);
  }
  DetectorChoice choice;
  choice.class_folds = plan.folds;
  choice.classes = plan.classes.size();
  choice.rows = plan.rows.size();
  double best = -1;
  for (size_t d = 0; d < trial.scores.size(); ++d) {
    const auto& card = ood::all()[d];
    DetectorCandidate candidate{card.name, std::nullopt,
                                "this featurizer gives no dense embeddings"};
    if (!trial.scores[d].empty()) {
      candidate.auroc = area(trial, trial.scores[d], plan.folds, mix_seed(seed, 3));
      const bool flattered = data.fitted_projection && has(card.needs, Signal::embeddings);
      candidate.reason = flattered ? "flattered: the featurizer saw the classes held out" : "";
      const double value = candidate.auroc->value;
      if (!flattered && (value > best || (value == best && card.name == "max_softmax"))) {
        best = value;
        choice.name = card.name;
      }
    }
    choice.candidates.push_back(candidate);
  }
  choice.sentence = sentence_of(choice);
  return choice;
}

std::vector<double> out_of_fold_scores(const learners::Learner& learner, const Params& params,
                                       const DetectorData& data, const ood::Detector& detector,
                                       uint64_t seed, const Progress& progress) {
  const size_t count = data.data.labels.size();
  const size_t folds = std::min(held_out_folds, count);
  if (folds < 2) return {};
  const auto row_fold =
      metrics::stratified_folds(data.data.labels, data.data.classes, folds, mix_seed(seed, 4));
  std::vector<int32_t> every_class(data.data.classes);
  std::iota(every_class.begin(), every_class.end(), 0);
  std::vector<double> scores(count);
  for (size_t f = 0; f < folds; ++f) {
    progress.at(static_cast<double>(f), static_cast<double>(folds), "folds of rows");
    std::vector<int64_t> inside, outside;
    for (size_t i = 0; i < count; ++i)
      (row_fold[i] == f ? outside : inside).push_back(static_cast<int64_t>(i));
    const Part known(data, inside, every_class);
    const Part fresh(data, outside, every_class);
    const FoldModel model =
        train_on(learner, params, known, every_class.size(), mix_seed(seed, 20 + f), progress);
    const auto known_logits = model.logits(known);
    const auto fresh_logits = model.logits(fresh);
    const auto fitted = ood::fit(detector, {model.rows(known, known_logits), known.labels},
                                 Params(detector.params));
    const auto own = ood::score(fitted, model.rows(fresh, fresh_logits));
    for (size_t i = 0; i < outside.size(); ++i) scores[static_cast<size_t>(outside[i])] = own[i];
  }
  return scores;
}

double flagging_threshold(std::vector<double> scores, double share) {
  if (scores.empty()) return INFINITY;
  std::sort(scores.begin(), scores.end());
  const auto n = static_cast<double>(scores.size());
  const auto place = static_cast<size_t>(std::ceil((1 - share) * (n + 1) - 1e-9));
  return scores[std::min(std::max<size_t>(place, 1), scores.size()) - 1];
}

}  // namespace querist::loop
