// querist status: labels, curve, audited accuracy with its interval, stop advice.
#include <cstdio>

#include "app/backend.h"
#include "app/curve_plot.h"
#include "base/error.h"

namespace querist::app {

static std::string estimate_text(const Json& estimate) {
  return fmt::format("{:.1f} of 100 (95 % range {:.1f}–{:.1f})",
                     100 * estimate["value"].get<double>(), 100 * estimate["ci_low"].get<double>(),
                     100 * estimate["ci_high"].get<double>());
}

static std::string saved_text(const Json& report) {
  const Json& saved = report["labels_saved"];
  std::string text = "labels saved against random: ";
  if (!saved.is_object())
    return text + "not known yet, " + report["labels_saved_reason"].get<std::string>() + "\n";
  text += saved["sentence"].get<std::string>() + "\n";
  const auto back_test = saved["back_test"]["sentence"].get<std::string>();
  return text + "back-test: " + back_test + "\n";
}

// What stopping sooner or later costs, a line a notch; nothing from a server that tells none.
static std::string dial_text(const Json& stop) {
  const Json dial = stop.value("dial", Json::array());
  if (dial.empty()) return "";
  std::string text = fmt::format(
      "how soon to stop (setting stopping_kappa): what it cost in simulations, and the labels it "
      "took of those at {:g}\n",
      dial[0]["kappa"].get<double>());
  for (const Json& notch : dial) {
    text +=
        fmt::format("  {:<4g}  {:.1f} points of 100 lost, {:4.1f} on the worst set; {:3.0f} %{}\n",
                    notch["kappa"].get<double>(), 100 * notch["loss"].get<double>(),
                    100 * notch["worst_loss"].get<double>(), 100 * notch["labels"].get<double>(),
                    notch["kappa"] == stop.value("kappa", Json()) ? "  <- set" : "");
  }
  return text;
}

std::string status_text(const Json& report) {
  const Json& counts = report["counts"];
  std::string text =
      fmt::format("{}: {} of {} examples labelled, {} of them audit\n",
                  report["project"].get<std::string>(), counts["labeled"].get<int64_t>(),
                  counts["examples"].get<int64_t>(), counts["audit"].get<int64_t>());
  NamedCurve curve{"accuracy on the audit labels", {}};
  for (const Json& point : report["curve"]) {
    if (point["accuracy"].is_null() || point["audit_labels"].get<int64_t>() < 5) continue;
    curve.points.push_back({point["labels"].get<double>(), point["accuracy"].get<double>()});
  }
  if (curve.points.size() > 1) text += "\n" + plot_curves({curve}) + "\n";
  const Json& metrics = report["metrics"];
  if (metrics.is_object()) {
    text += fmt::format("right: {}, on {} audit labels\n", estimate_text(metrics["accuracy"]),
                        metrics["audit_labels"].get<int64_t>());
    if (metrics.contains("confidence_sequence")) {
      const Json& sequence = metrics["confidence_sequence"];
      text +=
          fmt::format("valid at every look: {:.1f}–{:.1f} of 100\n",
                      100 * sequence["low"].get<double>(), 100 * sequence["high"].get<double>());
    }
    text += fmt::format("balanced over classes: {}\n", estimate_text(metrics["balanced_accuracy"]));
    if (const Json note = report.value("audit_note", Json()); note.is_string())
      text += "audit: " + note.get<std::string>() + "\n";
  } else {
    text += "accuracy: not known yet, " + report["metrics_reason"].get<std::string>() + "\n";
  }
  const Json& model = report["model"];
  if (model.is_object() && model["semi_supervised"].is_object())
    text += model["semi_supervised"]["sentence"].get<std::string>() + "\n";
  if (const Json choice = report.value("learner_choice", Json()); choice.is_object())
    text += choice["sentence"].get<std::string>() + "\n";
  text += saved_text(report);
  const Json& guard = report["guard"];
  if (guard["watched"].get<bool>()) text += "guard: " + guard["sentence"].get<std::string>() + "\n";
  const Json& stop = report["stop"];
  if (const Json target = stop.value("target", Json());
      target.is_object() && !target["law"].is_null())
    text += target["sentence"].get<std::string>() + "\n";
  return text + stop["sentence"].get<std::string>() + "\n" + dial_text(stop);
}

Verb status() {
  return {.name = "status",
          .summary = "Show labels, learning curve, audited accuracy, labels saved and stop advice.",
          .example = "querist status --project sms",
          .options = with_project({json_option()}),
          .run = [](const Invocation& invocation) {
            const Backend backend = open_backend(invocation);
            const std::string project = chosen_project(backend, invocation);
            const Json report = ask(backend, "GET", project_path(project) + "/progress");
            put_out("",
                    invocation.options.flag("json") ? report.dump() + "\n" : status_text(report));
            return 0;
          }};
}

}  // namespace querist::app
