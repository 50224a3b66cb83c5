// Whether the challenger may take the champion's place, from both models' answers on the same audit
// labels.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/matrix.h"

namespace querist::loop {

struct Gate {
  bool passed = false;
  double difference = 0;  // Accuracy of the challenger minus the champion's.
  double ci_low = 0;
  double ci_high = 0;
  double p_value = 1;
  std::string_view test;  // paired_accuracy's.
  size_t audit_labels = 0;
  std::string sentence;
};
inline constexpr size_t gate_minimum = 30;  // Fewer audit labels cannot tell two models apart.

// labels: class ids of n audit examples; probabilities (n, classes), of which the likeliest class
// counts; groups: audit_groups' of the examples, or empty.
Gate paired_gate(std::span<const int32_t> labels, const Matrix& challenger, const Matrix& champion,
                 std::span<const int32_t> groups, uint64_t seed);
Json gate_json(const Gate& gate, int64_t against);

}  // namespace querist::loop
