// One set of out-of-fold predictions, read by all who judge.
#include "loop/judge_model.h"

#include <algorithm>

#include "calibrators/calibrator.h"
#include "loop/calibration.h"
#include "loop/out_of_fold.h"
#include "metrics/decision.h"

namespace querist::loop {

static Json decision_json(const std::string& metric, const metrics::Decision& found, size_t labels,
                          const std::string& reason) {
  Json json = {{"metric", metric},
               {"class_weights", found.class_weights},
               {"labels", labels},
               {"score", nullptr},
               {"likeliest_score", nullptr}};
  if (reason.empty()) {
    json["score"] = found.score;
    json["likeliest_score"] = found.likeliest_score;
  } else {
    json["reason"] = reason;
  }
  return json;
}

// Why no rule is searched; empty: it is.
static std::string reason_for_likeliest(const TrainedModel& trained, bool has_predictions) {
  if (trained.project.settings.text("decision_metric") == "accuracy")
    return "the likeliest class is the most accurate";
  if (!has_predictions) return "there are too few labels";
  std::vector<size_t> counts(trained.data.classes, 0);
  for (const int32_t label : trained.data.labels) ++counts[static_cast<size_t>(label)];
  const auto rarest = std::min_element(counts.begin(), counts.end());
  if (*rarest >= decision_labels_per_class) return "";
  return fmt::format("the class {} has {} labels; {} of every class are needed",
                     trained.project.classes[static_cast<size_t>(rarest - counts.begin())], *rarest,
                     decision_labels_per_class);
}

// From calibrated predictions: they are what the weights will meet.
static Json decide_by(const TrainedModel& trained, const std::optional<Matrix>& held_out,
                      const Json& calibration) {
  const std::string& metric = trained.project.settings.text("decision_metric");
  const std::string reason = reason_for_likeliest(trained, held_out.has_value());
  metrics::Decision found;
  if (reason.empty()) {
    Matrix probabilities = *held_out;
    calibrators::calibrate(calibrators::calibration_of(calibration), probabilities);
    found = metrics::search_decision(trained.data.labels, probabilities,
                                     metrics::decision_metric(metric));
  }
  return decision_json(metric, found, trained.data.labels.size(), reason);
}

bool is_judged_by_settings(const ModelVersion& version, const Project& project) {
  // Versions from before had no calibration and predicted the likeliest class.
  const auto of = [&](const char* part, const char* field, const char* fallback) {
    return version.data.contains(part) ? json_text(version.data[part], field) : fallback;
  };
  return of("calibration", "setting", "none") == project.settings.text("calibration") &&
         of("decision", "metric", "accuracy") == project.settings.text("decision_metric");
}

static bool carries_over(const ModelVersion& earlier, const TrainedModel& trained) {
  const ModelVersion& now = trained.version;
  const Json data = supervised_data(earlier.data);
  return data.contains("calibration") && is_judged_by_settings(earlier, trained.project) &&
         earlier.learner == now.learner && earlier.params == now.params &&
         earlier.classes == now.classes && earlier.featurizer_version == now.featurizer_version &&
         earlier.with_audit == now.with_audit &&
         earlier.data.value("augmentation", Json()) == now.data.value("augmentation", Json()) &&
         !has_outgrown(trained.data.labels.size(),
                       static_cast<size_t>(json_integer(data["calibration"], "labels")));
}

// Whether the model's word or its decision is to be judged.
static bool is_judged(const TrainedModel& trained) {
  const Params& settings = trained.project.settings;
  return settings.text("calibration") != "none" || settings.text("decision_metric") != "accuracy";
}

// asked: somebody reads held-out predictions; none then: there were too few labels.
static Json judge_by(const TrainedModel& trained, const std::optional<Matrix>& held_out,
                     bool asked) {
  const auto seed = static_cast<uint64_t>(trained.project.settings.integer("seed"));
  const std::string& setting = trained.project.settings.text("calibration");
  Json judged = Json::object();
  judged["calibration"] =
      held_out ? calibration_of_labels(trained.data, *held_out, setting,
                                       weighs_classes_alike(trained.params), mix_seed(seed, 3))
      : asked  ? no_calibration(trained.data, setting, "too few labels")
               : no_calibration(trained.data, setting, "the project asks for none");
  judged["decision"] = decide_by(trained, held_out, judged["calibration"]);
  return judged;
}

Json judge_model(const TrainedModel& trained, const std::optional<ModelVersion>& newest,
                 const Progress& progress) {
  if (newest && carries_over(*newest, trained)) {
    const Json data = supervised_data(newest->data);
    return {{"calibration", data["calibration"]}, {"decision", data["decision"]}};
  }
  const auto seed = static_cast<uint64_t>(trained.project.settings.integer("seed"));
  const auto strategy = strategies::parse_strategy(trained.project.settings.text("strategy"));
  const bool asked = is_judged(trained) || takes_temperature(strategy);
  std::optional<Matrix> held_out;
  if (asked) {
    const bool twice = trained.augmented != nullptr;
    held_out = out_of_fold(trained.learner, twice ? *trained.augmented : trained.data,
                           trained.params, trained.model, seed, progress, twice ? 2 : 1);
  }
  return judge_by(trained, held_out, asked);
}

Json judge_final_model(const TrainedModel& trained,
                       const std::function<std::optional<Matrix>()>& held_out) {
  const bool asked = is_judged(trained);
  return judge_by(trained, asked ? held_out() : std::nullopt, asked);
}

}  // namespace querist::loop
