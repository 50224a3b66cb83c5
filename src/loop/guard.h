// The guard against choosing worse than at random: what the first m labels taught, against m random
// ones (decision 0011).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/json.h"
#include "learners/learner.h"

namespace querist::loop {

inline constexpr int64_t guard_rounds = 5;         // From one look to the next.
inline constexpr size_t guard_labels = 5;          // Audit labels that a look needs, old and new.
inline constexpr double guard_raises = 20;         // The e-value that raises it: 1 / 0.05.
inline constexpr double guard_ends = 5;            // The e-value that chosen labels teach more.
inline constexpr double guard_random_share = 0.5;  // Of a batch while it is raised.

// Labels as of the last look, and the audit labels that came since; rows are of `features`.
struct GuardData {
  Features features;
  std::span<const int64_t> rows;    // Trained on.
  std::span<const int32_t> labels;  // Of `rows`.
  std::span<const int64_t> order;   // Of `rows`: larger is newer.
  std::span<const uint8_t> chosen;  // Of `rows`: 0 where the guard drew it.
  std::span<const int64_t> audit_rows;
  std::span<const int32_t> audit_labels;
  std::span<const int64_t> new_rows;
  std::span<const int32_t> new_labels;
  size_t classes = 0;
  bool balanced = false;  // Classes count alike, else labels do.
};

struct GuardLook {
  int64_t only_random = 0;  // New audit labels that only the model with random labels got right.
  int64_t only_chosen = 0;  // Or only the one with the chosen labels.
  int64_t judged = 0;
};

// Lets two models judge the new labels: one learnt from the first m labels of the strategy's way,
// the other from m audit labels; m is as large as there are labels for. Where classes count alike,
// a new label is judged with a chance inverse to how common its class is among `audit_labels`. Two
// trainings; nothing is judged where m or the new labels are fewer than guard_labels.
GuardLook guard_look(const learners::Learner& learner, const Params& params, const GuardData& data,
                     uint64_t seed, const Progress& progress);

// Counts since the guard was last raised or ended.
struct GuardState {
  bool raised = false;
  int64_t only_random = 0;
  int64_t only_chosen = 0;
  int64_t judged = 0;
};

enum class GuardTurn { none, raised, ended };

// Adds a look. The turn that it brings begins the counts anew.
GuardTurn take(GuardState& state, const GuardLook& look);

// Whether the guard has anything to compare for the strategy: not for random, and not for
// certainty, which is to find examples of a class and not to learn.
bool is_guarded(std::string_view expression);

// How many of a batch, beside its audit rows, are drawn at random under the share, so that both
// together are the share; what is left of a whole row is a matter of chance.
size_t random_count(double share, size_t batch, size_t audit, Rng& rng);

Json guard_json(const GuardState& state);
GuardState guard_of(const Json& json);
std::string guard_sentence(const GuardState& state);

}  // namespace querist::loop
