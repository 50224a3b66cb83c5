// Asks the rules, and puts what they said into words and numbers.
#include "loop/stop_report.h"

#include <algorithm>
#include <cmath>

#include "loop/estimate_json.h"
#include "loop/stopping_history.h"
#include "stopping/parts/dial.h"
#include "stopping/parts/forecast.h"

namespace querist::loop {

static Json back_test_json(const std::optional<stopping::BackTest>& test) {
  if (!test) return nullptr;
  return {{"models", test->models},
          {"predicted", estimate_json(test->predicted)},
          {"measured", test->measured},
          {"error", std::abs(test->measured - test->predicted.value)},
          {"held", test->held}};
}

// Of a review the recall is asked for, which no such curve says.
static Json forecast_json(const stopping::History& history) {
  if (history.review) return nullptr;
  const auto next = stopping::forecast(history, std::min<size_t>(100, history.pool_left));
  if (!next) return nullptr;
  Json held_out = Json::array();
  for (const metrics::HeldOut& one : next->choice.held_out) {
    held_out.push_back({{"law", metrics::curve_form_word(one.form)}, {"error", one.error}});
  }
  return {{"labels", next->labels},
          {"gain", estimate_json(next->gain)},
          {"law", metrics::curve_form_word(next->choice.form)},
          {"held_out", held_out},
          {"back_test", back_test_json(next->back_test)}};
}

static Json target_json(const stopping::History& history) {
  if (history.target == 0) return nullptr;
  const auto end = [](const std::optional<double>& labels) {
    return labels && *labels < 1e15 ? Json(static_cast<int64_t>(*labels)) : Json(nullptr);
  };
  Json json = {{"metric", history.metric}, {"value", history.target}, {"labels", nullptr},
               {"ci_low", nullptr},        {"ci_high", nullptr},      {"law", nullptr}};
  const auto target = stopping::target_forecast(history);
  if (!target) {
    json["sentence"] = fmt::format(
        "How many labels the target of {:g} of 100 takes is known after a few more audited models.",
        100 * history.target);
    return json;
  }
  json["labels"] = end(target->more.labels);
  json["ci_low"] = end(target->more.ci_low);
  json["ci_high"] = end(target->more.ci_high);
  json["law"] = metrics::curve_form_word(target->form);
  json["sentence"] = target->sentence;
  return json;
}

static Json dial_json() {
  Json dial = Json::array();
  for (const stopping::Notch& notch : stopping::dial()) {
    dial.push_back({{"kappa", notch.kappa},
                    {"loss", notch.loss},
                    {"worst_loss", notch.worst_loss},
                    {"labels", notch.labels}});
  }
  return dial;
}

Json stop_report(storage::Store& store, const Project& project,
                 const std::vector<ModelVersion>& models, const Json& guard) {
  auto history = stopping_history(store, project, models);
  if (guard["raised"].get<bool>()) history.guard = guard["sentence"].get<std::string>();
  const auto verdicts = stopping::advise(history, stopping_settings(project));
  Json evidence = Json::array();
  for (const auto& advice : verdicts.evidence) {
    evidence.push_back({{"name", advice.name},
                        {"met", advice.met ? Json(*advice.met) : Json(nullptr)},
                        {"sentence", advice.sentence}});
  }
  const bool unknown = models.empty() && verdicts.verdict != stopping::Verdict::stop;
  return {
      {"advice", stopping::verdict_word(unknown ? stopping::Verdict::unknown : verdicts.verdict)},
      {"sentence", unknown ? "Not known yet: there is no model." : verdicts.sentence},
      {"evidence", evidence},
      {"forecast", forecast_json(history)},
      {"target", target_json(history)},
      {"kappa", project.settings.number("stopping_kappa")},
      {"dial", dial_json()}};
}

}  // namespace querist::loop
