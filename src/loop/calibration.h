// How far a model's probabilities can be taken at their word: what out-of-fold predictions teach of
// it, and how a stored version is made to say what it said.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "data/dataset.h"
#include "loop/workshop.h"
#include "strategies/door/expression.h"

namespace querist::loop {

// Whether a learner's parameters say class_weight balanced.
bool weighs_classes_alike(const Params& params);

// The temperature of the held-out predictions, with the prior ln T ~ N(0, 0.25²). balanced: classes
// count alike, as the learner weighs them. Rows of classes with one label alone are left out: no
// model that did not see them knows of their class.
double held_out_temperature(const Dataset& data, const Matrix& held_out, bool balanced);

// What a version keeps as data["calibration"]: {setting, name, classes, state, temperature, labels,
// candidates: [{name, log_loss}]}. setting: auto (the least log loss over folds), or a calibrator.
Json calibration_of_labels(const Dataset& data, const Matrix& held_out, const std::string& setting,
                           bool balanced, uint64_t seed);
// The same where there are no such predictions: calibrator none.
Json no_calibration(const Dataset& data, const std::string& setting, std::string_view reason);

// Fills in what the model is to say from its training and the version's data.
void set_models(LoadedModel& loaded, std::shared_ptr<const learners::Model> plain,
                const Json& version_data);

// The data of a version as it is of its supervised head, which selection and stopping look at:
// where pseudo-labels made the model that predicts, that one's calibration and decision are
// another's.
Json supervised_data(const Json& version_data);

// Whether the loop sets the strategy's temperature.
bool takes_temperature(const strategies::ChosenStrategy& strategy);
// The temperature for a strategy that sees the version's probabilities: 1 where a calibrator was at
// work already, so that nothing is softened twice.
double temperature_left(const Json& version_data);

}  // namespace querist::loop
