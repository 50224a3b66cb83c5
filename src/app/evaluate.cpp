// querist evaluate: how good the newest model is, where it is worse, and for whom.
#include "api/http_text.h"
#include "app/backend.h"
#include "app/evaluation_parts.h"
#include "app/evaluation_text.h"

namespace querist::app {

// The parts that were asked for, in the form of the route; empty: none.
static std::string wanted_parts(const Invocation& invocation) {
  std::string parts;
  const auto add = [&](std::string_view part) {
    parts += (parts.empty() ? "" : ",") + std::string(part);
  };
  if (invocation.options.flag("slices")) add("slices");
  if (!invocation.text("groups").empty() && !invocation.list("groups").empty()) add("groups");
  if (invocation.options.flag("leakage")) add("leakage");
  return parts;
}

static std::string parts_text(const Json& report) {
  std::string text;
  if (report.contains("reason"))
    return "not known yet: " + report["reason"].get<std::string>() + "\n";
  text += fmt::format("\nnow, on {} audit labels\n", report["audit_labels"].get<int64_t>());
  if (report.contains("slices") && report["slices"].is_object())
    text += slices_text(report["slices"]);
  if (report.contains("groups") && report["groups"].is_array())
    text += "\n" + groups_text(report["groups"], report["rounds"]);
  if (report.contains("leakage") && report["leakage"].is_object())
    text += "\n" + leakage_text(report["leakage"]);
  return text;
}

// The scores beside accuracy, and how the version came to lead; none for a reader, who may not ask
// for what has to be computed.
static Json scores_of(const Backend& backend, const std::string& path, const Json& progress) {
  if (!progress["metrics"].is_object()) return Json::object();
  try {
    const Json report = ask(backend, "GET", path + "/evaluation?parts=scores");
    if (!report["scores"].is_object()) return Json::object();
    return {{"scores", report["scores"]}, {"gate", report["gate"]}};
  } catch (const Error& error) {
    if (error.code() != Code::permission_denied) throw;
    return Json::object();
  }
}

// What there is no metric for yet is said in JSON too.
static Json metrics_json(const Json& progress) {
  if (!progress["metrics"].is_null()) return progress["metrics"];
  return {{"audit_labels", 0}, {"reason", progress["metrics_reason"]}};
}

static int run(const Invocation& invocation) {
  const std::string parts = wanted_parts(invocation);
  const Backend backend = open_backend(invocation);
  const std::string path = project_path(chosen_project(backend, invocation));
  const bool json = invocation.options.flag("json");
  const Json examined = ask_evaluation(backend, chosen_project(backend, invocation), invocation);
  if (!examined.is_null() && parts.empty()) {
    put_out("", json ? examined.dump() + "\n" : evaluation_text(examined));
    return 0;
  }
  Json progress = ask(backend, "GET", path + "/progress");
  if (const Json scores = scores_of(backend, path, progress); !scores.empty())
    progress["metrics"].update(scores);
  if (parts.empty()) {
    put_out("", json ? metrics_json(progress).dump() + "\n" : metrics_text(progress));
    return 0;
  }
  Json report =
      ask(backend, "GET",
          fmt::format("{}/evaluation?parts={}&loss={}&groups={}", path, parts,
                      invocation.text("loss"), api::percent_encode(invocation.text("groups"))));
  if (!examined.is_null()) report.update(examined);
  if (json) {
    report["metrics"] = progress["metrics"];
    put_out("", report.dump() + "\n");
  } else {
    const std::string more = examined.is_null() ? "" : "\n" + evaluation_text(examined);
    put_out("", metrics_text(progress) + parts_text(report) + more);
  }
  return 0;
}

static ParamSpecs all_options() {
  ParamSpecs options = {
      {.name = "slices",
       .fallback = false,
       .help = "Where the model is worse than elsewhere, of every value and pair of values."},
      {.name = "groups",
       .fallback = "",
       .help = "Columns, as a line of CSV, whose values it should treat alike."},
      {.name = "leakage",
       .fallback = false,
       .help = "Whether audit examples are known to the training examples."},
      {.name = "loss",
       .fallback = "error",
       .choices = {"error", "log_loss"},
       .help = "What slices are compared by."}};
  for (ParamSpec& option : evaluation_options()) options.push_back(std::move(option));
  options.push_back(json_option());
  return options;
}

Verb evaluate_verb() {
  return {.name = "evaluate",
          .summary =
              "Show the newest model's metrics on the audit labels, with intervals; with slices, "
              "groups, leakage, robustness and out-of-distribution scores when asked.",
          .example = "querist evaluate --project adult --slices --groups sex",
          .options = with_project(all_options()),
          .run = run};
}

}  // namespace querist::app
