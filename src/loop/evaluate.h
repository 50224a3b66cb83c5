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

// Whether the challenger may take the champion's place, from both models' answers on the same audit
// labels.
struct Gate {
  bool passed = false;
  double difference = 0;  // Accuracy of the challenger minus the champion's.
  double ci_low = 0;
  double ci_high = 0;
  double p_value = 1;
  size_t audit_labels = 0;
  std::string sentence;
};
inline constexpr size_t gate_minimum = 30;  // Fewer audit labels cannot tell two models apart.
Gate paired_gate(std::span<const int32_t> labels, const Matrix& challenger, const Matrix& champion,
                 uint64_t seed);
Json gate_json(const Gate& gate, int64_t against);

}  // namespace querist::loop
