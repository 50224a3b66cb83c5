// Numbers are written so that reading gives the same bits.
#include "loop/simulation/run_record.h"

#include <cmath>

#include "loop/simulation/metric.h"

namespace querist::loop {

static void put(const std::string& key, const std::optional<double>& value, Json& json) {
  if (value) json[key] = *value;
}

static void get(const Json& json, const std::string& key, std::optional<double>& value) {
  if (json.contains(key)) value = json.at(key).get<double>();
}

static Task task_of(const Json& json) {
  if (json.contains("rmse")) return Task::regression;
  return json.contains("micro_f1") ? Task::multi_label : Task::classification;
}

static std::string full_key(const Measure& measure) { return fmt::format("full_{}", measure.key); }

// Counts of labels, as whole numbers.
static Json counts(const std::vector<double>& labels) {
  Json numbers = Json::array();
  for (const double count : labels) {
    numbers.push_back(count == std::floor(count) ? Json(static_cast<int64_t>(count)) : Json(count));
  }
  return numbers;
}

Json run_json(const SimulationRun& run) {
  Json json = {{"strategy", run.strategy},      {"learner", run.learner},
               {"featurizer", run.featurizer},  {"seed", run.seed},
               {"labels", counts(run.labels)},  {"seconds", run.seconds},
               {"indices", run.indices},        {"guard_raised", run.guard_raised},
               {"guard_ended", run.guard_ended}};
  for (const Measure& measure : measures_of(task_of(run))) {
    json[measure.key] = run.*measure.curve;
    if (measure.full) put(full_key(measure), run.*measure.full, json);
  }
  if (run.budget > 0) {
    json["batch_size"] = run.batch_size;
    json["budget"] = run.budget;
  }
  if (!run.cost.empty()) json["cost"] = run.cost;
  if (!run.typo_accuracy.empty()) json["typo_accuracy"] = run.typo_accuracy;
  if (!run.labels_saved.is_null()) json["labels_saved"] = run.labels_saved;
  if (!run.learners.empty()) json["learners"] = run.learners;
  if (!run.semi_supervised.empty()) json["semi_supervised"] = run.semi_supervised;
  for (const StopPoint& stop : run.stops) {
    json["stops"].push_back({{"rule", stop.rule},
                             {"labels", stop.labels ? counts({*stop.labels})[0] : Json(nullptr)},
                             {"accuracy", stop.labels ? Json(stop.accuracy) : Json(nullptr)}});
  }
  return json;
}

SimulationRun run_of(const Json& json) {
  SimulationRun run;
  json.at("strategy").get_to(run.strategy);
  json.at("learner").get_to(run.learner);
  json.at("featurizer").get_to(run.featurizer);
  json.at("seed").get_to(run.seed);
  json.at("labels").get_to(run.labels);
  for (const Measure& measure : measures_of(task_of(json))) {
    json.at(measure.key).get_to(run.*measure.curve);
    if (measure.full) get(json, full_key(measure), run.*measure.full);
  }
  json.at("seconds").get_to(run.seconds);
  json.at("indices").get_to(run.indices);
  json.at("guard_raised").get_to(run.guard_raised);
  json.at("guard_ended").get_to(run.guard_ended);
  run.batch_size = json.value("batch_size", size_t{0});
  run.budget = json.value("budget", size_t{0});
  if (json.contains("cost")) json.at("cost").get_to(run.cost);
  if (json.contains("typo_accuracy")) json.at("typo_accuracy").get_to(run.typo_accuracy);
  run.labels_saved = json.value("labels_saved", Json());
  if (json.contains("learners")) json.at("learners").get_to(run.learners);
  if (json.contains("semi_supervised")) json.at("semi_supervised").get_to(run.semi_supervised);
  for (const Json& stop : json.value("stops", Json::array())) {
    StopPoint& point = run.stops.emplace_back();
    stop.at("rule").get_to(point.rule);
    const bool met = !stop.at("labels").is_null();
    if (met) point.labels = stop.at("labels").get<double>();
    point.accuracy = met ? stop.at("accuracy").get<double>() : run.accuracy.back();
  }
  return run;
}

}  // namespace querist::loop
