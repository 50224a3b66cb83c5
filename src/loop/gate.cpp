// Passed while the challenger is right at least as often.
#include "loop/gate.h"

#include "base/error.h"
#include "loop/paired_accuracy.h"
#include "metrics/classification.h"

namespace querist::loop {

Gate paired_gate(std::span<const int32_t> labels, const Matrix& challenger, const Matrix& champion,
                 std::span<const int32_t> groups, uint64_t seed) {
  Gate gate;
  gate.audit_labels = labels.size();
  if (labels.size() < gate_minimum) {
    gate.passed = true;
    gate.sentence = fmt::format(
        "Taken without a test: {} audit labels cannot tell two models apart ({} needed).",
        labels.size(), gate_minimum);
    return gate;
  }
  const auto paired = paired_accuracy(labels, metrics::likeliest(challenger),
                                      metrics::likeliest(champion), groups, seed);
  gate.difference = paired.difference.value;
  gate.ci_low = paired.difference.ci_low;
  gate.ci_high = paired.difference.ci_high;
  gate.p_value = paired.p_value;
  gate.test = paired.test;
  gate.passed = gate.difference >= 0;
  gate.sentence = fmt::format(
      "On the same {} audit examples it is right on {} that the champion gets wrong, and wrong on "
      "{} that the champion gets right ({}): {}.",
      labels.size(), paired.only_first, paired.only_second, test_words(paired),
      gate.passed ? "passed" : "not passed, it must not be worse");
  return gate;
}

Json gate_json(const Gate& gate, int64_t against) {
  const bool tested = gate.audit_labels >= gate_minimum;
  return {{"passed", gate.passed},
          {"against", against},
          {"difference", tested ? Json(gate.difference) : Json(nullptr)},
          {"ci_low", tested ? Json(gate.ci_low) : Json(nullptr)},
          {"ci_high", tested ? Json(gate.ci_high) : Json(nullptr)},
          {"p_value", tested ? Json(gate.p_value) : Json(nullptr)},
          {"test", tested ? Json(gate.test) : Json(nullptr)},
          {"audit_labels", gate.audit_labels},
          {"sentence", gate.sentence}};
}

}  // namespace querist::loop
