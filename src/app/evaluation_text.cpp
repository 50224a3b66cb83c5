// Sentence first, then a row for each slice, gap or finding.
#include "app/evaluation_text.h"
#include "base/error.h"

namespace querist::app {

static std::string estimate_line(std::string_view name, const Json& estimate) {
  if (estimate["ci_low"].is_null())
    return fmt::format("{:<18} {:.4f} (no interval)\n", name, estimate["value"].get<double>());
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

// f1_micro is accuracy.
static constexpr std::pair<const char*, std::string_view> score_words[] = {
    {"precision_macro", "precision macro"},
    {"recall_macro", "recall macro"},
    {"f1_macro", "f1 macro"},
    {"precision_weighted", "precision weighted"},
    {"recall_weighted", "recall weighted"},
    {"f1_weighted", "f1 weighted"},
    {"matthews_correlation", "matthews corr."},
    {"cohen_kappa", "cohen's kappa"},
    {"roc_auc", "roc auc"},
    {"average_precision", "average precision"},
    {"log_loss", "log loss"},
    {"brier_score", "brier score"},
    {"adaptive_calibration_error", "ece equal mass"},
    {"classwise_calibration_error", "ece class-wise"},
    {"debiased_calibration_error", "ece debiased"}};

std::string metrics_text(const Json& report) {
  const Json& metrics = report["metrics"];
  if (!metrics.is_object())
    return "not known yet: " + report["metrics_reason"].get<std::string>() + "\n";
  std::string text =
      fmt::format("model version {} on {} audit labels\n", metrics["model_version"].get<int64_t>(),
                  metrics["audit_labels"].get<int64_t>());
  for (const char* name : {"accuracy", "balanced_accuracy", "ece"})
    text += estimate_line(name, metrics[name]);
  if (metrics.contains("confidence_sequence")) {
    const Json& sequence = metrics["confidence_sequence"];
    text +=
        fmt::format("{:<18} {:.4f} to {:.4f} at 95 %, however often you look\n", "accuracy within",
                    sequence["low"].get<double>(), sequence["high"].get<double>());
  }
  text += judgement_text(metrics);
  // Only evaluate asks for them, and not where it may not.
  const Json scores = metrics.value("scores", Json::object());
  for (const auto& [name, words] : score_words) {
    if (const Json score = scores.value(name, Json()); score.is_object())
      text += estimate_line(words, score);
  }
  if (const Json gate = metrics.value("gate", Json()); gate.is_object())
    text += gate["sentence"].get<std::string>() + "\n";
  for (const Json& report : metrics.value("hardening", Json::array()))
    text += report["sentence"].get<std::string>() + "\n";
  for (const Json& row : metrics["per_class"]) {
    const auto share = [&](const char* name) {
      return row[name].is_null() ? "not known yet"
                                 : fmt::format("{:.3f}", row[name]["value"].get<double>());
    };
    text += fmt::format("recall of {:<24} {}, precision {} ({} audit labels)\n",
                        row["class"].get<std::string>(), share("recall"), share("precision"),
                        row["support"].get<int64_t>());
  }
  return text;
}

static std::string conditions_text(const Json& item) {
  std::string text;
  for (const Json& condition : item["conditions"]) {
    text +=
        fmt::format("{}{} = {}", text.empty() ? "" : ", ", condition["column"].get<std::string>(),
                    condition["value"].get<std::string>());
  }
  return text;
}

static constexpr int most_doubtful = 3;  // Slices shown that may be worse by chance.

std::string slices_text(const Json& slices) {
  std::string text = "slices: " + slices["sentence"].get<std::string>() + "\n";
  if (slices["items"].empty()) return text;
  text += fmt::format("{:>6} {:>8} {:>8}  {:<24} {:>8}  slice\n", "rows", "loss", "others",
                      "difference (95 %)", "q");
  int doubtful = 0;
  for (const Json& item : slices["items"]) {
    if (!item["found"].get<bool>() && ++doubtful > most_doubtful) continue;
    const Json& d = item["difference"];
    const std::string range = fmt::format("{:+.3f} ({:+.3f} to {:+.3f})", d["value"].get<double>(),
                                          d["ci_low"].get<double>(), d["ci_high"].get<double>());
    text += fmt::format("{:>6} {:>8.3f} {:>8.3f}  {:<24} {:>8.2g}{} {}\n",
                        item["rows"].get<int64_t>(), item["loss"].get<double>(),
                        item["rest_loss"].get<double>(), range, item["q_value"].get<double>(),
                        item["found"].get<bool>() ? "*" : " ", conditions_text(item));
  }
  return text + fmt::format(
                    "* worse than the rest beyond chance, of {} slices tested; each range "
                    "is that of the slice by itself\n",
                    slices["tested"].get<int64_t>());
}

static std::string gap_text(const Json& gap) {
  std::string name = gap["metric"].get<std::string>();
  if (!gap["class"].is_null()) name += " of " + gap["class"].get<std::string>();
  std::string text = fmt::format("  {}: ", name);
  if (gap["difference"].is_null()) {
    text += "gap not known yet\n";
  } else {
    const Json& d = gap["difference"];
    text += fmt::format("gap {:.3f} (95 % {:.3f} to {:.3f})", d["value"].get<double>(),
                        d["ci_low"].get<double>(), d["ci_high"].get<double>());
    if (!gap["ratio"].is_null())
      text += fmt::format(", ratio {:.2f}", gap["ratio"]["value"].get<double>());
    text += fmt::format(", q = {:.2g}{}\n", gap["q_value"].get<double>(),
                        gap["found"].get<bool>() ? " *" : "");
  }
  for (const Json& group : gap["groups"]) {
    const Json& rate = group["rate"];
    text += fmt::format("    {:<32} {:>6} rows", group["group"].get<std::string>(),
                        group["rows"].get<int64_t>());
    if (!rate.is_null()) {
      const bool is_signed = gap["metric"] == "calibration_gap";
      const auto number = [&](const char* name) {
        const double value = rate[name].get<double>();
        return is_signed ? fmt::format("{:+.3f}", value) : fmt::format("{:.3f}", value);
      };
      text += fmt::format("  {} ({} to {})", number("value"), number("ci_low"), number("ci_high"));
    }
    text += "\n";
  }
  return text;
}

// How the gap in accuracy moved from version to version.
static std::string rounds_text(const std::string& column, const Json& rounds) {
  std::string text;
  for (const Json& round : rounds) {
    for (const Json& one : round["columns"]) {
      if (one["column"] != column || one["gaps"].empty()) continue;
      const Json& gap = one["gaps"].front();
      if (gap["difference"].is_null()) continue;
      const Json& d = gap["difference"];
      text += fmt::format(
          "  with {:>6} labels (version {}): gap in accuracy {:.3f} (95 % {:.3f} to "
          "{:.3f})\n",
          round["labels"].get<int64_t>(), round["model_version"].get<int64_t>(),
          d["value"].get<double>(), d["ci_low"].get<double>(), d["ci_high"].get<double>());
    }
  }
  return text;
}

std::string groups_text(const Json& groups, const Json& rounds) {
  std::string text;
  for (const Json& group : groups) {
    const auto column = group["column"].get<std::string>();
    text += fmt::format("groups of {}: {}\n", column, group["sentence"].get<std::string>());
    for (const Json& gap : group["gaps"]) text += gap_text(gap);
    text += rounds_text(column, rounds);
  }
  return text;
}

static std::string example_text(const Json& example) {
  if (example.contains("similarity")) {
    return fmt::format("{} is like {} ({:.3f})", example["test"].get<std::string>(),
                       example["train"].get<std::string>(), example["similarity"].get<double>());
  }
  std::string text;
  for (const auto& [key, value] : example.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key,
                        value.is_string()         ? value.get<std::string>()
                        : value.is_number_float() ? fmt::format("{:.3f}", value.get<double>())
                                                  : value.dump());
  }
  return text;
}

std::string leakage_text(const Json& leakage) {
  std::string text =
      fmt::format("leakage: {} training rows, {} test rows\n", leakage["train_rows"].get<int64_t>(),
                  leakage["test_rows"].get<int64_t>());
  for (const Json& finding : leakage["findings"]) {
    text +=
        fmt::format("{} {}: {}\n", finding["severity"].get<std::string>(),
                    finding["check"].get<std::string>(), finding["sentence"].get<std::string>());
    for (const Json& example : finding["examples"]) text += "    " + example_text(example) + "\n";
  }
  if (leakage["findings"].empty()) text += leakage["sentence"].get<std::string>() + "\n";
  for (const Json& check : leakage["checks"]) {
    if (check["state"] == "found") continue;
    text += fmt::format("{:<8} {}", check["state"].get<std::string>(),
                        check["check"].get<std::string>());
    if (!check["reason"].is_null()) text += ": " + check["reason"].get<std::string>();
    if (check.contains("auc"))
      text += fmt::format(" (area under the curve {:.3f}, 95 % {:.3f} to {:.3f})",
                          check["auc"]["value"].get<double>(), check["auc"]["ci_low"].get<double>(),
                          check["auc"]["ci_high"].get<double>());
    text += "\n";
  }
  return text;
}

}  // namespace querist::app
