// Evidence for the arbiter: what the audit labels say of the labels that each strategy of its
// portfolio bought.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "learners/learner.h"

namespace querist::loop {

// What was trained on and measured with; rows are of `features`.
struct ArbiterData {
  Features features;
  std::span<const int64_t> rows;    // Trained on.
  std::span<const int32_t> labels;  // Of `rows`.
  std::span<const int32_t> arms;    // Of `rows`: which strategy bought the label; -1: none.
  std::span<const int64_t> order;   // Of `rows`: larger is newer.
  std::span<const int64_t> audit_rows;
  std::span<const int32_t> audit_labels;
  size_t classes = 0;
};

struct ArmEvidence {
  std::string strategy;
  size_t labels = 0;  // It bought that many of those trained on.
  double gain = 0;    // Audit log loss that a label of its newest ones saves.
  double score = 0;   // (gain - mean gain of the others) over its standard error.
  double weight = 0;  // Of the next batch; all weights sum to 1.
};

inline constexpr size_t arbiter_audit = 20;   // Fewer audit labels say nothing.
inline constexpr size_t arbiter_labels = 10;  // Nor do fewer labels of an arm.

// Whether an expression's card is the arbiter.
bool is_arbiter(std::string_view expression);
// The strategies of an arbiter's portfolio, without weights.
std::vector<std::string> arms_of(std::string_view expression);

// The model is trained once without the newest m labels of each arm (the same m for all), and the
// audit rows' log losses are compared with the whole model's: weight = prior * exp(score), at least
// a twentieth of an even share each (after Hedge, Freund and Schapire 1997). The portfolio's own
// weights are the prior, and the answer where there is too little evidence. K + 1 trainings.
std::vector<ArmEvidence> weigh_arms(std::string_view expression, const learners::Learner& learner,
                                    const Params& params, const ArbiterData& data, uint64_t seed,
                                    const Progress& progress);

// The arbiter with these weights, as it is stored and replayed.
std::string weighted_expression(std::string_view expression, std::span<const ArmEvidence> evidence);

Json evidence_json(std::span<const ArmEvidence> evidence);

}  // namespace querist::loop
