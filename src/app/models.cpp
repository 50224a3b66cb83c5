// querist models: list, show, compare, distil, robustness, promote, rollback, history.
#include <algorithm>

#include "api/http_text.h"
#include "app/backend.h"
#include "base/error.h"

namespace querist::app {

static std::string model_line(const Json& model) {
  std::string accuracy = "not known yet";
  if (model["metrics"].is_object()) {
    const Json& a = model["metrics"]["accuracy"];
    accuracy = fmt::format("{:.3f} ({:.3f}–{:.3f})", a["value"].get<double>(),
                           a["ci_low"].get<double>(), a["ci_high"].get<double>());
  }
  return fmt::format("{:>5}  {:<19} {:>6} labels  accuracy {:<24} {}\n",
                     model["version"].get<int64_t>(), model["learner"].get<std::string>(),
                     model["labels"].get<int64_t>(), accuracy,
                     fmt::join(model["aliases"].get<std::vector<std::string>>(), ", "));
}

static std::string change_line(const Json& change) {
  const auto text = [&](const char* field) { return change[field].get<std::string>(); };
  return fmt::format("{}  {:<10} {} -> {}  {}  ({})\n", text("created_at"), text("action"),
                     text("alias"), change["version"].get<int64_t>(), text("reason"),
                     text("actor"));
}

// What a distilled version saves and costs.
static std::string distilled_text(const Json& model) {
  const Json& how = model["distillation"];
  const Json& bytes = how["bytes"];
  const Json& time = how["microseconds_a_row"];
  std::string text = fmt::format(
      "version {}: {} taught by version {} ({}) on {} examples\n", model["version"].get<int64_t>(),
      model["learner"].get<std::string>(), how["teacher_version"].get<int64_t>(),
      how["teacher_learner"].get<std::string>(), how["rows"].get<int64_t>());
  text += fmt::format("bytes              {} -> {}\n", bytes["teacher"].get<int64_t>(),
                      bytes["student"].get<int64_t>());
  text += fmt::format("microseconds a row {:.2f} -> {:.2f}\n", time["teacher"].get<double>(),
                      time["student"].get<double>());
  if (const Json& agreement = how["agreement"]; agreement.is_object()) {
    text += fmt::format("agreement          {:.3f} (95 % {:.3f} to {:.3f}) on audit examples\n",
                        agreement["value"].get<double>(), agreement["ci_low"].get<double>(),
                        agreement["ci_high"].get<double>());
  }
  text += model["gate"]["sentence"].get<std::string>() + "\n";
  const auto warning = how.value("sentence", std::string());
  return warning.empty() ? text : text + warning + "\n";
}

static std::string robustness_text(const Json& report) {
  const auto estimate = [&](const char* field) {
    return fmt::format("{:.3f} (95 % {:.3f} to {:.3f})", report[field]["value"].get<double>(),
                       report[field]["ci_low"].get<double>(),
                       report[field]["ci_high"].get<double>());
  };
  return fmt::format("version {}: accuracy {}; moved by up to {} ({}): {}{}; on {} audit labels\n",
                     report["version"].get<int64_t>(), estimate("accuracy"),
                     report["radius"].get<double>(), report["norm"].get<std::string>(),
                     report["method"] == "exact" ? "" : "at most ", estimate("robust_accuracy"),
                     report["audit_labels"].get<int64_t>());
}

static std::string comparison_text(const Json& report) {
  const auto line = [&](const char* version, const char* accuracy, const char* log_loss) {
    const Json& share = report[accuracy];
    return fmt::format("version {:<6} accuracy {:.4f} (95 % {:.4f} to {:.4f})  log loss {:.4f}\n",
                       report[version].get<int64_t>(), share["value"].get<double>(),
                       share["ci_low"].get<double>(), share["ci_high"].get<double>(),
                       report[log_loss].get<double>());
  };
  const auto change = [&](const char* words, const char* field) {
    const Json& d = report[field];
    return fmt::format("{:<14} {:+.4f} (95 % {:+.4f} to {:+.4f}, {})\n", words,
                       d["value"].get<double>(), d["ci_low"].get<double>(),
                       d["ci_high"].get<double>(), d["method"].get<std::string>());
  };
  return line("version", "accuracy", "log_loss") +
         line("against", "against_accuracy", "against_log_loss") +
         change("accuracy", "difference") + change("log loss", "log_loss_difference") +
         report["sentence"].get<std::string>() + "\n";
}

static int64_t version_argument(const Invocation& invocation) {
  if (invocation.arguments.size() != 2)
    wrong_usage("name a version: querist models {} 3", invocation.arguments[0]);
  return number_argument("version", invocation.arguments[1]);
}

// The changes that an action made or lists, as the API's items.
static std::vector<Json> changes(const Backend& backend, const Invocation& invocation,
                                 const std::string& action, int64_t version,
                                 const std::string& path) {
  Json body = {{"reason", invocation.text("reason")}};
  if (action == "promote") {
    body["version"] = version;
    body["force"] = invocation.options.flag("force");
    return {ask(backend, "PUT", path + "/aliases/" + api::percent_encode(invocation.text("alias")),
                body)};
  }
  if (action == "rollback") {
    body["alias"] = invocation.text("alias");
    return {ask(backend, "POST", path + "/rollback", body)};
  }
  return ask(backend, "GET", path + "/history")["items"].get<std::vector<Json>>();
}

static int distil(const Backend& backend, const Invocation& invocation, const std::string& path) {
  Json body = {{"temperature", invocation.options.number("temperature")},
               {"max_loss", invocation.options.number("max_loss")},
               {"learner", invocation.text("learner")}};
  if (invocation.arguments.size() > 1) body["version"] = version_argument(invocation);
  const Json model = ask(backend, "POST", path + "/distil", body);
  put_out("", invocation.options.flag("json") ? model.dump() + "\n" : distilled_text(model));
  return 0;
}

static int attack(const Backend& backend, const Invocation& invocation, const std::string& path,
                  int64_t version) {
  const Json report = ask(backend, "POST", fmt::format("{}/{}/robustness", path, version),
                          {{"radius", invocation.options.number("radius")},
                           {"norm", invocation.text("norm")},
                           {"steps", invocation.options.integer("steps")}});
  put_out("", invocation.options.flag("json") ? report.dump() + "\n" : robustness_text(report));
  return 0;
}

static int compare(const Invocation& invocation) {
  if (invocation.arguments.size() != 3)
    wrong_usage("name two versions: querist models compare 7 4");
  const int64_t version = number_argument("version", invocation.arguments[1]);
  const int64_t against = number_argument("version", invocation.arguments[2]);
  const Backend backend = open_backend(invocation);
  const Json report =
      ask(backend, "GET",
          fmt::format("{}/models/{}/comparison?against={}",
                      project_path(chosen_project(backend, invocation)), version, against));
  put_out("", invocation.options.flag("json") ? report.dump() + "\n" : comparison_text(report));
  return 0;
}

static int run(const Invocation& invocation) {
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  const std::vector<std::string_view> known = {"list",       "show",    "compare",  "distil",
                                               "robustness", "promote", "rollback", "history"};
  if (std::find(known.begin(), known.end(), action) == known.end())
    wrong_usage("models knows {}, not \"{}\"", fmt::join(known, ", "), action);
  if (action == "compare") return compare(invocation);
  const int64_t version = action == "show" || action == "promote" || action == "robustness"
                              ? version_argument(invocation)
                              : 0;
  const Backend backend = open_backend(invocation);
  const std::string path = project_path(chosen_project(backend, invocation)) + "/models";
  if (action == "show") {
    put_out("", ask(backend, "GET", fmt::format("{}/{}", path, version)).dump(2) + "\n");
    return 0;
  }
  if (action == "robustness") return attack(backend, invocation, path, version);
  if (action == "distil") return distil(backend, invocation, path);
  std::vector<Json> items;
  if (action == "list") {
    each_item(backend, path, 0, [&](const Json& model) { items.push_back(model); });
    std::reverse(items.begin(), items.end());  // Oldest first, the newest above the prompt.
  } else {
    items = changes(backend, invocation, action, version, path);
  }
  std::string text;
  for (const Json& item : items) text += action == "list" ? model_line(item) : change_line(item);
  put_out("", invocation.options.flag("json") ? Json{{"items", items}}.dump() + "\n" : text);
  return 0;
}

Verb models() {
  return {
      .name = "models",
      .summary =
          "List model versions; show, distil, promote or roll back one, measure its robustness, or "
          "compare two on the same audit examples; read the history of aliases.",
      .arguments = "ACTION...",
      .example = "querist models promote 7 --project sms --reason \"audited\"",
      .options = with_project(
          {{.name = "alias", .fallback = "champion", .help = "Alias to move."},
           {.name = "reason", .fallback = "", .help = "Why; kept in the history."},
           {.name = "learner",
            .fallback = "",
            .help = "distil: the small head that is taught, neural_head or logistic_regression; "
                    "empty: one that is smaller than its teacher."},
           {.name = "temperature",
            .fallback = 3.0,
            .min = 1,
            .max = 20,
            .help = "distil: what the teacher's scores are divided by."},
           {.name = "max_loss",
            .fallback = 0.01,
            .min = 0,
            .max = 1,
            .help = "distil: accuracy that the student may lose on the audit labels."},
           {.name = "radius",
            .fallback = 0.1,
            .min = 0,
            .max = 1e6,
            .help = "robustness: how far a row may be moved, in the units of the features."},
           {.name = "norm",
            .fallback = "l2",
            .choices = {"l2", "linf"},
            .help = "robustness: how that is measured; the length of the move, or its largest "
                    "number."},
           {.name = "steps",
            .fallback = 20,
            .min = 1,
            .max = 1000,
            .whole = true,
            .help = "robustness: steps of the attack on a neural head."},
           {.name = "force", .fallback = false, .help = "Promote although the gate did not pass."},
           json_option()}),
      .run = run};
}

}  // namespace querist::app
