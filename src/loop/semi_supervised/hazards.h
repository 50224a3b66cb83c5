// Signs that pseudo-labels have gone astray: their classes are not those of the audit, the model no
// longer agrees with the neighbourhoods, or it got worse on the audit labels.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/matrix.h"

namespace querist::loop {

inline constexpr double hazard_p_value = 0.001;     // Below it the classes are not the audit's.
inline constexpr double hazard_disagreement = 0.1;  // Share of rows that a model may lose.

struct Hazard {
  std::string name;
  std::optional<bool> is_seen;  // Nothing: there was too little to look at.
  double value = 0;
  double limit = 0;
  std::string sentence;
};

// class_histogram: the audit labels, counts by class, against the classes' shares of all
// pseudo-labels by weight (chi-square); seen where p < 0.001.
Hazard class_histogram(std::span<const int32_t> audit_labels, std::span<const double> shares);

// neighbour_agreement: labels that label spreading gives to rows, and what the models with and
// without pseudo-labels say of the same rows; seen where the one with them agrees on 0.1 fewer of
// the rows.
Hazard neighbour_agreement(std::span<const int32_t> spread, std::span<const int32_t> with,
                           std::span<const int32_t> without);

// audit_drop: the model with pseudo-labels against the one that predicted before, on the same audit
// labels; seen where it is right less often by more than one standard error of the paired
// differences and the given labels alone are right as often as it is.
Hazard audit_drop(std::span<const int32_t> audit_labels, std::span<const int32_t> with,
                  std::span<const int32_t> without, std::span<const int32_t> before);

Json hazard_json(const Hazard& hazard);

}  // namespace querist::loop
