// How good a model is, from the audit labels alone, with intervals on everything.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/matrix.h"

namespace querist::loop {

// labels: class ids of n audit examples; probabilities (n, classes). The shape is docs/http.md's
// `metrics`, without model_version, calibration and decision. Classes are predicted by
// metrics::decide with the weights; what is said of probabilities is of the likeliest class.
// groups: audit_groups' of the same examples, by which the accuracy's interval widens; or empty.
Json evaluation_json(std::span<const int32_t> labels, const Matrix& probabilities,
                     const std::vector<std::string>& classes,
                     std::span<const double> class_weights = {},
                     std::span<const int32_t> groups = {});

// Of classes as predicted; Wilson's interval, by groups unless they are empty.
Json accuracy_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                   std::span<const int32_t> groups);

// What the calibration changed: {name, labels, ece_before, log_loss_before}, from what the model
// said of the same audit examples without it. stored: the version's data["calibration"].
Json calibration_report(const Json& stored, std::span<const int32_t> labels, const Matrix& plain);

}  // namespace querist::loop
