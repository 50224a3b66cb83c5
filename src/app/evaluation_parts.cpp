// Asks the route and puts its answer into tables.
#include "app/evaluation_parts.h"

namespace querist::app {

ParamSpecs evaluation_options() {
  return {
      {.name = "ood",
       .fallback = false,
       .help = "How rows that are like none of the labelled ones are told: chosen, fitted and "
               "stored with the version at the first call."},
      {.name = "robustness",
       .fallback = false,
       .help = "Accuracy as the examples get worse, by kind and severity."},
      {.name = "model_version",
       .fallback = 0,
       .min = 0,
       .max = 1e15,
       .whole = true,
       .help = "Model version that --ood and --robustness look at; 0: the newest.",
       .automatic = true},
  };
}

Json ask_evaluation(const Backend& backend, const std::string& project,
                    const Invocation& invocation) {
  std::string parts;
  for (const auto& [flag, part] :
       {std::pair("ood", "out_of_distribution"), std::pair("robustness", "robustness")}) {
    if (invocation.options.flag(flag)) parts += (parts.empty() ? "" : ",") + std::string(part);
  }
  if (parts.empty()) return nullptr;
  return ask(backend, "GET",
             fmt::format("{}/evaluation?parts={}&version={}", project_path(project), parts,
                         invocation.options.integer("model_version")));
}

static std::string estimate_text(const Json& estimate) {
  return fmt::format("{:.4f} (95 % {:.4f} to {:.4f})", estimate["value"].get<double>(),
                     estimate["ci_low"].get<double>(), estimate["ci_high"].get<double>());
}

static std::string ood_text(const Json& report) {
  std::string text =
      fmt::format("out of distribution, model version {} on {} labels\n",
                  report["model_version"].get<int64_t>(), report["labels"].get<int64_t>());
  for (const Json& one : report["candidates"]) {
    std::string said = one["auroc"].is_null() ? "" : estimate_text(one["auroc"]) + "  ";
    said += one.value("reason", "");
    text += fmt::format("  {} {:<22} {}\n", one["name"] == report["detector"] ? '*' : ' ',
                        one["name"].get<std::string>(), said);
  }
  text += fmt::format(
      "  {}\n  A score above {:.6g} is flagged, as about {:.0f} % of rows like the labelled ones "
      "are.\n",
      report["sentence"].get<std::string>(), report["threshold"].get<double>(),
      100 * report["flagged_share"].get<double>());
  return text;
}

static std::string robustness_text(const Json& report) {
  std::string text =
      fmt::format("robustness, model version {} on {} audit labels\n",
                  report["model_version"].get<int64_t>(), report["audit_labels"].get<int64_t>());
  if (report.contains("reason")) return text + "  " + report["reason"].get<std::string>() + "\n";
  text += fmt::format("  {:<20} accuracy at severity 0 … 5 (95 % at 5)\n", "");
  for (const Json& one : report["perturbations"]) {
    text += fmt::format("  {:<20}", one["name"].get<std::string>());
    for (const Json& point : one["curve"])
      text += fmt::format(" {:.3f}", point["accuracy"]["value"].get<double>());
    const Json& worst = one["curve"].back();
    text += fmt::format(
        " ({:.3f} to {:.3f}), ECE {:.3f} to {:.3f}\n", worst["accuracy"]["ci_low"].get<double>(),
        worst["accuracy"]["ci_high"].get<double>(),
        one["curve"].front()["ece"]["value"].get<double>(), worst["ece"]["value"].get<double>());
    std::string amounts;
    for (const Json& point : one["curve"])
      amounts += fmt::format(" {:g}", point["amount"].get<double>());
    text += fmt::format("    {}{}: {}\n", "amounts", amounts, one["unit"].get<std::string>());
  }
  return text;
}

std::string evaluation_text(const Json& evaluation) {
  std::string text;
  if (evaluation.contains("out_of_distribution"))
    text += ood_text(evaluation["out_of_distribution"]);
  if (evaluation.contains("robustness")) text += robustness_text(evaluation["robustness"]);
  return text;
}

}  // namespace querist::app
