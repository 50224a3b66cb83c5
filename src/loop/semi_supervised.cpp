// Candidates, their judge, the monitors, and what is told of all that.
#include "loop/semi_supervised.h"

#include <algorithm>
#include <numeric>

#include "base/expression.h"
#include "loop/given_params.h"
#include "loop/semi_supervised/hazards.h"
#include "loop/semi_supervised/head_trainer.h"
#include "loop/semi_supervised/world.h"
#include "metrics/classification.h"
#include "metrics/one_standard_error.h"
#include "metrics/stratified_folds.h"
#include "pseudo_labelers/gate/gate.h"

namespace querist::loop {

using pseudo_labelers::GateLoss;
using pseudo_labelers::PseudoLabels;

namespace {

struct Candidate {
  std::string expression;
  SslMethod method;
};

// Where place 0 is the given labels alone and place m candidate m - 1.
struct Verdict {
  size_t chosen = 0;
  std::vector<metrics::PairedGain> gains;
  size_t rows = 0;  // Labels that judged.
  std::string by;   // out_of_fold or audit; empty: nothing did.
  std::string why;  // Where nothing was chosen, a whole sentence; else what follows "because".
};

}  // namespace

static constexpr size_t few_labels = 100;  // Below, folds are dealt several times: chance is large.

static SslMethod parse_method(std::string_view text) {
  const Expression expression = parse_expression(text);
  SslMethod method{&pseudo_labelers::find(expression.name), {}};
  method.params = Params(method.labeler->params);
  for (const auto& [name, value] : expression.settings) method.params.set_text(name, value);
  return method;
}

SslSetting parse_ssl(std::string_view text) {
  if (text == "off") return {};
  if (text == "auto") return {.is_off = false};
  return {.is_off = false, .forced = parse_method(text)};
}

static std::vector<Candidate> candidates_of(const SslSetting& setting, const std::string& text,
                                            const SslWorld& world) {
  if (setting.forced.labeler) return {{text, setting.forced}};
  std::vector<std::string> names;
  if (world.has_distances) names = {"label_spreading(weight=4)", "label_spreading"};
  names.emplace_back("self_training(share=0.9, rounds=5)");
  const bool counts =
      world.features.is_sparse &&
      std::ranges::all_of(world.features.sparse.values, [](float v) { return v >= 0; });
  if (counts) names.emplace_back("em_naive_bayes");
  std::vector<Candidate> candidates;
  for (const std::string& name : names) candidates.push_back({name, parse_method(name)});
  return candidates;
}

static PseudoLabels pseudo_labels(const SslWorld& world, const SslMethod& method,
                                  HeadTrainer& heads, const SslPlan& plan,
                                  const Progress& progress) {
  return pseudo_labelers::label(*method.labeler, world.view(), method.params, heads.function(),
                                mix_seed(plan.seed, 11), progress);
}

static std::shared_ptr<const learners::Model> head_of(const SslWorld& world,
                                                      const PseudoLabels& pseudo,
                                                      HeadTrainer& heads) {
  OwnedFeatures own;
  return heads.train(pseudo_labelers::with_pseudo_labels(world.view(), pseudo, own));
}

static std::shared_ptr<const learners::Model> trial_head(const SslWorld& world,
                                                         const PseudoLabels& pseudo,
                                                         HeadTrainer& heads) {
  OwnedFeatures own;
  return heads.train_roughly(pseudo_labelers::with_pseudo_labels(world.view(), pseudo, own));
}

static Matrix predictions(const learners::Model& model, const Features& features,
                          std::span<const int64_t> rows) {
  Matrix probabilities;
  model.probabilities(take_rows(features, rows).view(), probabilities);
  return probabilities;
}

static void explain(Verdict& verdict) {
  const auto judges = verdict.by == "audit"
                          ? fmt::format("the {} audit labels", verdict.rows)
                          : fmt::format("{} labels that were held out in turn", verdict.rows);
  if (verdict.chosen == 0) {
    verdict.why = fmt::format(
        "No pseudo-labels: none of the candidates is wrong on fewer of {} by more than one "
        "standard "
        "error.",
        judges);
    return;
  }
  const auto& best = verdict.gains[verdict.chosen];
  verdict.why = fmt::format(
      "it is wrong on {:.1f} of 100 of {} instead of on {:.1f} (one standard error: {:.1f})",
      100 * best.loss, judges, 100 * verdict.gains[0].loss, 100 * best.standard_error);
}

static Verdict judge_by_audit(const SslData& data, const SslPlan& plan, const SslWorld& world,
                              std::span<const Candidate> candidates,
                              const std::shared_ptr<const learners::Model>& supervised,
                              HeadTrainer& heads, const Progress& progress) {
  const auto losses = [&](const learners::Model& model) {
    return pseudo_labelers::losses_of(
        data.audit_labels, predictions(model, data.features, data.audit_rows), GateLoss::error);
  };
  std::vector<std::vector<double>> all = {losses(*supervised)};
  for (const Candidate& candidate : candidates) {
    heads.start_from(supervised);
    const auto pseudo = pseudo_labels(world, candidate.method, heads, plan, progress);
    all.push_back(pseudo.rows.empty() ? all[0] : losses(*trial_head(world, pseudo, heads)));
  }
  const auto found = metrics::choose_by_one_standard_error(all);
  Verdict verdict{found.chosen, found.methods, data.audit_labels.size(), "audit", {}};
  explain(verdict);
  return verdict;
}

// With few labels as many folds as a class has of them on average: each then holds one of every
// class, and what is left to train on has the classes in their proportions. A head of few labels
// says little but those, and of the class that is held out there would be fewer.
static size_t folds_for(std::span<const int32_t> labels, size_t classes) {
  std::vector<size_t> counts(classes);
  for (const int32_t label : labels) ++counts[static_cast<size_t>(label)];
  std::erase_if(counts, [](size_t count) { return count < 2; });
  if (counts.empty()) return 2;
  return std::clamp(std::accumulate(counts.begin(), counts.end(), size_t{0}) / counts.size(),
                    size_t{2}, ssl_folds);
}

static Verdict judge_by_folds(const SslPlan& plan, const SslWorld& world,
                              std::span<const Candidate> candidates, HeadTrainer& heads,
                              const Progress& progress) {
  std::vector<pseudo_labelers::GateMethod> methods;
  for (const Candidate& c : candidates) methods.push_back({c.method.labeler, c.method.params});
  const size_t repeats = world.labels.size() < few_labels ? 3 : 1;
  const auto found = pseudo_labelers::gate(
      world.view(), methods, heads.function(), folds_for(world.labels, world.classes),
      mix_seed(plan.seed, 11), progress, {GateLoss::error, repeats});
  Verdict verdict{found.place, found.methods, found.rows, "out_of_fold", {}};
  if (found.methods.empty()) {
    verdict.by.clear();
    verdict.why =
        "No pseudo-labels: nothing can tell whether they help before two classes have two labels "
        "each.";
    return verdict;
  }
  explain(verdict);
  return verdict;
}

static Verdict judge(const SslData& data, const SslPlan& plan, const SslSetting& setting,
                     const SslWorld& world, std::span<const Candidate> candidates,
                     const std::shared_ptr<const learners::Model>& supervised, HeadTrainer& heads,
                     const Progress& progress) {
  const auto nothing = [](std::string why) { return Verdict{.why = std::move(why)}; };
  if (std::ranges::adjacent_find(data.labels, std::not_equal_to()) == data.labels.end())
    return nothing("No pseudo-labels: the labels are of one class.");
  if (world.unlabeled.empty())
    return nothing("No pseudo-labels: no example is left without a label.");
  if (setting.forced.labeler) {
    Verdict verdict{.chosen = 1};
    verdict.why = "the setting ssl forces it, whether it helps or not";
    return verdict;
  }
  if (data.labels.size() > ssl_most_labels * data.classes) {
    return nothing(fmt::format(
        "No pseudo-labels: with more than {} labels a class they are not tried.", ssl_most_labels));
  }
  return data.audit_labels.size() >= ssl_judged_by_audit
             ? judge_by_audit(data, plan, world, candidates, supervised, heads, progress)
             : judge_by_folds(plan, world, candidates, heads, progress);
}

static std::vector<double> class_weights(const PseudoLabels& pseudo, size_t classes) {
  std::vector<double> sums(classes);
  for (size_t i = 0; i < pseudo.rows.size(); ++i)
    sums[static_cast<size_t>(pseudo.labels[i])] += static_cast<double>(pseudo.weights[i]);
  return sums;
}

static std::vector<Hazard> watch(const SslData& data, const SslPlan& plan, const SslWorld& world,
                                 const PseudoLabels& pseudo, const learners::Model& with,
                                 const learners::Model& without, const learners::Model* before,
                                 const Progress& progress) {
  std::vector<Hazard> hazards = {
      class_histogram(data.audit_labels, class_weights(pseudo, data.classes))};
  PseudoLabels spread;
  if (world.has_distances) {
    spread = pseudo_labelers::label(*parse_method("label_spreading").labeler, world.view(),
                                    parse_method("label_spreading").params, {},
                                    mix_seed(plan.seed, 11), progress);
  }
  const auto says = [&](const learners::Model& model, const Features& features,
                        std::span<const int64_t> rows) -> std::vector<int32_t> {
    if (rows.empty()) return {};
    return metrics::likeliest(predictions(model, features, rows));
  };
  const Features here = world.features.view();
  hazards.push_back(neighbour_agreement(spread.labels, says(with, here, spread.rows),
                                        says(without, here, spread.rows)));
  const auto audit = [&](const learners::Model& model) {
    return says(model, data.features, data.audit_rows);
  };
  const bool can_compare = before && before->classes() == data.classes;
  hazards.push_back(audit_drop(data.audit_labels, audit(with), audit(without),
                               can_compare ? audit(*before) : std::vector<int32_t>()));
  return hazards;
}

static Json report_of(const SslPlan& plan, const SslWorld& world,
                      std::span<const Candidate> candidates, const Verdict& verdict) {
  Json rows = Json::array();
  for (size_t m = 0; m < verdict.gains.size(); ++m) {
    const bool is_plain = m == 0;
    rows.push_back(
        {{"method", is_plain ? "supervised" : candidates[m - 1].expression},
         {"params", is_plain ? Json::object() : given_json(candidates[m - 1].method.params)},
         {"error", verdict.gains[m].loss},
         {"gain", verdict.gains[m].gain},
         {"standard_error", verdict.gains[m].standard_error}});
  }
  return {{"setting", plan.setting},
          {"rows", plan.most_rows},
          {"unlabeled", world.unlabeled_in_pool},
          {"looked_at", world.unlabeled.size()},
          {"judged_by", verdict.by.empty() ? Json(nullptr) : Json(verdict.by)},
          {"judged_labels", verdict.rows},
          {"candidates", rows},
          {"method", nullptr},
          {"pseudo_labels", 0},
          {"hazards", Json::array()},
          {"forced", false},
          {"rolled_back", false},
          {"sentence", verdict.why}};
}

// What the monitors saw; a forced method stays all the same.
static void decide(SemiSupervised& result, std::span<const Hazard> hazards, bool is_forced) {
  std::string seen;
  for (const Hazard& hazard : hazards) {
    result.report["hazards"].push_back(hazard_json(hazard));
    if (hazard.is_seen.value_or(false)) seen += (seen.empty() ? "" : " ") + hazard.sentence;
  }
  if (seen.empty()) return;
  std::string sentence = result.report["sentence"];
  if (is_forced) {
    result.report["sentence"] = sentence + " A hazard was seen: " + seen;
    return;
  }
  result.report["rolled_back"] = true;
  result.report["sentence"] = fmt::format("The pseudo-labels by {} were taken back: {}",
                                          result.report["method"].get<std::string>(), seen);
  result.model = nullptr;
  result.pseudo = {};
}

SemiSupervised semi_supervise(const SslData& data, const SslPlan& plan,
                              const learners::Learner& learner, const Params& params,
                              const std::shared_ptr<const learners::Model>& supervised,
                              const learners::Model* before, const Progress& progress) {
  const SslSetting setting = parse_ssl(plan.setting);
  QUERIST_CHECK(!setting.is_off);
  const SslWorld world = make_world(data, plan);
  HeadTrainer heads(learner, params, plan.seed, progress, supervised);
  const auto candidates = candidates_of(setting, plan.setting, world);
  const Verdict verdict =
      judge(data, plan, setting, world, candidates, supervised, heads, progress);
  SemiSupervised result;
  result.report = report_of(plan, world, candidates, verdict);
  if (verdict.chosen == 0) return result;
  const Candidate& best = candidates[verdict.chosen - 1];
  heads.start_from(supervised);
  const PseudoLabels pseudo = pseudo_labels(world, best.method, heads, plan, progress);
  const bool is_forced = setting.forced.labeler != nullptr;
  result.report["forced"] = is_forced;
  if (pseudo.rows.empty()) {
    result.report["sentence"] =
        fmt::format("No pseudo-labels: {} found no example to label.", best.expression);
    return result;
  }
  heads.start_from(supervised);
  result.model = head_of(world, pseudo, heads);
  std::vector<int64_t> per_class(data.classes);
  for (const int32_t label : pseudo.labels) ++per_class[static_cast<size_t>(label)];
  result.report["method"] = best.expression;
  result.report["params"] = given_json(best.method.params);
  result.report["pseudo_labels"] = pseudo.rows.size();
  result.report["per_class"] = per_class;
  result.report["sentence"] = fmt::format("Trained with {} pseudo-labels by {}, because {}.",
                                          pseudo.rows.size(), best.expression, verdict.why);
  const auto hazards =
      watch(data, plan, world, pseudo, *result.model, *supervised, before, progress);
  result.pseudo = world.in_pool(pseudo);
  decide(result, hazards, is_forced);
  return result;
}

Matrix semi_supervised_out_of_fold(const SslData& data, const SslPlan& plan, const Json& report,
                                   const learners::Learner& learner, const Params& params,
                                   const Progress& progress) {
  const SslMethod method = parse_method(json_text(report, "method"));
  const SslWorld world = make_world(data, plan);
  const size_t rows = world.labels.size();
  const auto fold =
      metrics::stratified_folds(world.labels, world.classes, std::min(ssl_folds, rows), plan.seed);
  HeadTrainer heads(learner, params, plan.seed, progress, nullptr);
  Matrix out(rows, world.classes);
  for (size_t f = 0; f < std::min(ssl_folds, rows); ++f) {
    SslWorld part = world;  // The held-out rows are of neither set.
    part.labeled.clear();
    part.labels.clear();
    std::vector<size_t> held;
    std::vector<int64_t> held_rows;
    for (size_t i = 0; i < rows; ++i) {
      if (fold[i] == f) {
        held.push_back(i);
        held_rows.push_back(world.labeled[i]);
      } else {
        part.labeled.push_back(world.labeled[i]);
        part.labels.push_back(world.labels[i]);
      }
    }
    if (held.empty()) continue;
    trial_head(part, {}, heads);  // What the heads with pseudo-labels start from.
    const auto pseudo = pseudo_labels(part, method, heads, plan, progress);
    const auto predicted =
        predictions(*trial_head(part, pseudo, heads), world.features.view(), held_rows);
    for (size_t i = 0; i < held.size(); ++i)
      std::ranges::copy(predicted.row(i), out.row(held[i]).begin());
  }
  return out;
}

}  // namespace querist::loop
