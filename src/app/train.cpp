// querist train and evaluate: a model now, and how good the newest one is.
#include "app/backend.h"
#include "app/evaluation_parts.h"
#include "app/progress_bar.h"
#include "base/error.h"

namespace querist::app {

static std::string metrics_text(const Json& report) {
  const Json& metrics = report["metrics"];
  if (!metrics.is_object())
    return "not known yet: " + report["metrics_reason"].get<std::string>() + "\n";
  std::string text =
      fmt::format("model version {} on {} audit labels\n", metrics["model_version"].get<int64_t>(),
                  metrics["audit_labels"].get<int64_t>());
  for (const char* name : {"accuracy", "balanced_accuracy", "ece"}) {
    const Json& estimate = metrics[name];
    text += fmt::format("{:<18} {:.4f} (95 % {:.4f} to {:.4f}, {})\n", name,
                        estimate["value"].get<double>(), estimate["ci_low"].get<double>(),
                        estimate["ci_high"].get<double>(), estimate["method"].get<std::string>());
  }
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

static int evaluate(const Invocation& invocation) {
  const Backend backend = open_backend(invocation);
  const Json parts = ask_evaluation(backend, chosen_project(backend, invocation), invocation);
  if (parts.is_null()) return report(invocation, false);
  put_out("", invocation.options.flag("json") ? parts.dump() + "\n" : evaluation_text(parts));
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

static ParamSpecs with_json(ParamSpecs options) {
  options.push_back(json_option());
  return options;
}

Verb evaluate_verb() {
  return {.name = "evaluate",
          .summary =
              "Show the newest model's metrics on the audit labels, with intervals; or how "
              "it stands up to worse data.",
          .example = "querist evaluate --project sms --robustness",
          .options = with_project(with_json(evaluation_options())),
          .run = evaluate};
}

}  // namespace querist::app
