// Calibrators learn from out-of-fold logits, and are applied by a wrapper around the model.
#include "loop/calibration.h"

#include <algorithm>
#include <cmath>

#include "calibrators/calibrator.h"
#include "learners/rescaled_model.h"

namespace querist::loop {

// Held-out predictions as calibrators read them, owned.
struct HeldOutRows {
  std::vector<double> logits;
  std::vector<int32_t> labels;
  std::vector<double> weights;
  size_t classes = 0;

  calibrators::CalibrationSet set() const {
    return {{labels.size(), classes, logits.data()}, labels, weights};
  }
};

static HeldOutRows rows_of(const Dataset& data, const Matrix& held_out, bool balanced) {
  std::vector<double> counts(data.classes, 0);
  for (const int32_t label : data.labels) ++counts[static_cast<size_t>(label)];
  const auto seen = std::count_if(counts.begin(), counts.end(), [](double n) { return n >= 2; });
  HeldOutRows rows;
  rows.classes = data.classes;
  std::vector<double> probabilities;
  for (size_t i = 0; i < data.labels.size(); ++i) {
    if (counts[static_cast<size_t>(data.labels[i])] < 2) continue;
    const auto p = held_out.row(i);
    probabilities.insert(probabilities.end(), p.begin(), p.end());
    rows.labels.push_back(data.labels[i]);
  }
  if (balanced) {
    const double share = static_cast<double>(rows.labels.size()) / static_cast<double>(seen);
    for (const int32_t label : rows.labels)
      rows.weights.push_back(share / counts[static_cast<size_t>(label)]);
  }
  rows.logits = calibrators::logits_of({rows.labels.size(), data.classes, probabilities.data()});
  return rows;
}

bool weighs_classes_alike(const Params& params) {
  for (const ParamSpec& spec : params.specs()) {
    if (spec.name == "class_weight") return params.text("class_weight") == "balanced";
  }
  return false;
}

static double temperature_of(const HeldOutRows& rows) {
  if (rows.labels.empty()) return 1;
  const auto& card = calibrators::find("temperature");
  const double found = calibrators::fit(card, rows.set(), Params(card.params)).state[0];
  return std::clamp(found, 0.05, 20.0);  // What strategies take.
}

double held_out_temperature(const Dataset& data, const Matrix& held_out, bool balanced) {
  return temperature_of(rows_of(data, held_out, balanced));
}

Json no_calibration(const Dataset& data, const std::string& setting, std::string_view reason) {
  Json json = calibrators::calibration_json({"none", data.classes, {}});
  json["setting"] = setting;
  json["labels"] = data.labels.size();
  json["reason"] = reason;
  return json;
}

Json calibration_of_labels(const Dataset& data, const Matrix& held_out, const std::string& setting,
                           bool balanced, uint64_t seed) {
  if (data.classes < 2) return no_calibration(data, setting, "there is one class alone");
  const HeldOutRows rows = rows_of(data, held_out, balanced);
  if (rows.labels.empty()) return no_calibration(data, setting, "no class has two labels");
  Json json;
  if (setting == "auto") {
    const auto choice = calibrators::choose_calibrator(rows.set(), 5, seed);
    json = calibrators::calibration_json(choice.calibration);
    json["candidates"] = Json::array();
    for (const auto& one : choice.candidates) {
      const bool tried = std::isfinite(one.log_loss);
      json["candidates"].push_back(
          {{"name", one.name}, {"log_loss", tried ? Json(one.log_loss) : Json(nullptr)}});
    }
  } else {
    const auto& card = calibrators::find(setting);
    json = calibrators::calibration_json(calibrators::fit(card, rows.set(), Params(card.params)));
  }
  json["setting"] = setting;
  json["labels"] = data.labels.size();
  json["temperature"] = temperature_of(rows);
  return json;
}

void set_models(LoadedModel& loaded, std::shared_ptr<const learners::Model> plain,
                const Json& version_data) {
  loaded.plain = std::move(plain);
  loaded.model = loaded.plain;
  loaded.class_weights.clear();
  if (version_data.contains("decision"))
    version_data["decision"].at("class_weights").get_to(loaded.class_weights);
  // Versions from before calibration have none.
  if (!version_data.contains("calibration")) return;
  const auto calibration = calibrators::calibration_of(version_data["calibration"]);
  if (calibration.name == "none") return;
  loaded.model = learners::rescaled(
      loaded.plain, [calibration](Matrix& p) { calibrators::calibrate(calibration, p); });
}

Json supervised_data(const Json& version_data) {
  Json data = version_data;
  const auto report = version_data.find("semi_supervised");
  if (report == version_data.end() || !report->contains("supervised_calibration")) return data;
  data["calibration"] = report->at("supervised_calibration");
  data["decision"] = report->at("supervised_decision");
  return data;
}

bool takes_temperature(const strategies::ChosenStrategy& strategy) {
  return strategy.card->name == "auto" && !strategy.params.changed("temperature");
}

double temperature_left(const Json& version_data) {
  if (!version_data.contains("calibration")) return 1;
  const Json& calibration = version_data["calibration"];
  if (json_text(calibration, "name") != "none") return 1;
  return json_number(calibration, "temperature", 1);
}

}  // namespace querist::loop
