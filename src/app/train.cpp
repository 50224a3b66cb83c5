// querist train and evaluate: a model now, and how good the newest one is.
#include "app/backend.h"
#include "app/progress_bar.h"
#include "base/error.h"

namespace querist::app {

static std::string estimate_line(std::string_view name, const Json& estimate) {
  return fmt::format("{:<18} {:.4f} (95 % {:.4f} to {:.4f}, {})\n", name,
                     estimate["value"].get<double>(), estimate["ci_low"].get<double>(),
                     estimate["ci_high"].get<double>(), estimate["method"].get<std::string>());
}

// How probabilities were corrected and classes decided for; metrics of older models do not say.
static std::string judgement_text(const Json& metrics) {
  std::string text;
  if (metrics.contains("calibration")) {
    const Json& calibration = metrics["calibration"];
    text += estimate_line("ece uncalibrated", calibration["ece_before"]);
    text +=
        fmt::format("{:<18} {} (fitted on {} training labels held out)\n", "calibrator",
                    calibration["name"].get<std::string>(), calibration["labels"].get<int64_t>());
  }
  if (metrics.contains("decision") && metrics["decision"]["metric"] != "accuracy") {
    const Json& decision = metrics["decision"];
    const auto weights = decision["class_weights"].get<std::vector<double>>();
    std::string rule = "the likeliest class";
    if (weights.size() == 2) {
      rule = fmt::format("{} where its probability is above {:.3f}",
                         metrics["per_class"][1]["class"].get<std::string>(), weights[0]);
    }
    if (weights.size() > 2) rule = fmt::format("by weights {:.3f}", fmt::join(weights, ", "));
    if (decision.contains("reason")) rule += ": " + decision["reason"].get<std::string>();
    text += fmt::format("{:<18} {} (for {})\n", "predicts", rule,
                        decision["metric"].get<std::string>());
  }
  return text;
}

static std::string metrics_text(const Json& report) {
  const Json& metrics = report["metrics"];
  if (!metrics.is_object())
    return "not known yet: " + report["metrics_reason"].get<std::string>() + "\n";
  std::string text =
      fmt::format("model version {} on {} audit labels\n", metrics["model_version"].get<int64_t>(),
                  metrics["audit_labels"].get<int64_t>());
  for (const char* name : {"accuracy", "balanced_accuracy", "ece"})
    text += estimate_line(name, metrics[name]);
  text += judgement_text(metrics);
  for (const Json& row : metrics["per_class"]) {
    const std::string recall = row["recall"].is_null()
                                   ? "not known yet"
                                   : fmt::format("{:.3f}", row["recall"]["value"].get<double>());
    text += fmt::format("recall of {:<24} {} ({} audit labels)\n", row["class"].get<std::string>(),
                        recall, row["support"].get<int64_t>());
  }
  return text;
}

static int report(const Invocation& invocation, bool train_first) {
  const Backend backend = open_backend(invocation);
  const std::string project = chosen_project(backend, invocation);
  if (train_first) {
    ProgressBar bar("training");
    backend.turn(project, true, bar.progress());
  }
  const Json progress = ask(backend, "GET", project_path(project) + "/progress");
  if (train_first && progress["model"].is_null()) refuse("there is no label to train on yet");
  put_out("", invocation.options.flag("json") ? progress["metrics"].dump() + "\n"
                                              : metrics_text(progress));
  return 0;
}

Verb train_verb() {
  return {.name = "train",
          .summary =
              "Train on the labels there are, without waiting for the open batch, and choose the "
              "next one.",
          .example = "querist train --project sms",
          .options = with_project({json_option()}),
          .run = [](const Invocation& invocation) { return report(invocation, true); }};
}

Verb evaluate_verb() {
  return {.name = "evaluate",
          .summary = "Show the newest model's metrics on the audit labels, with intervals.",
          .example = "querist evaluate --project sms --json",
          .options = with_project({json_option()}),
          .run = [](const Invocation& invocation) { return report(invocation, false); }};
}

}  // namespace querist::app
