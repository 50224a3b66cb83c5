// Labels saved against random, live: how many random labels would teach as much as the first third
// of the project's labels did (decision 0013).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "learners/learner.h"

namespace querist::loop {

inline constexpr size_t saved_audit_labels = 50;         // Fewer judge too little,
inline constexpr size_t saved_audit_labels_a_class = 4;  // as do fewer than so many a class.
inline constexpr size_t saved_training_labels = 90;  // Fewer have no first third worth the name.

// The audit labels that an estimate needs.
size_t saved_minimum(size_t classes);

// Labels that were trained on, in the order in which they came, and audit labels; rows are of
// `features`.
struct SavedData {
  Features features;
  std::span<const int64_t> rows;
  std::span<const int32_t> labels;        // Of `rows`.
  std::span<const int64_t> audit_before;  // Of `rows`: how many audit labels had come by then.
  std::span<const int64_t> audit_rows;    // In the order in which they came.
  std::span<const int32_t> audit_labels;
  std::span<const int64_t> unlabeled;        // All rows without a label.
  const learners::Model* present = nullptr;  // The model of all of `rows`.
  size_t classes = 0;
};

// Why there can be no estimate yet, as the end of a sentence; empty where there can.
std::string unsaved_reason(size_t training_labels, size_t audit_labels, size_t unlabeled,
                           size_t classes);

// Why the learner is not asked to train so often, likewise: a hundred trainings of some take
// minutes.
std::string too_dear_reason(const learners::Learner& learner, const Features& features,
                            size_t classes);

// As stored with a model and told by progress (docs/http.md). Random draws of rows are labelled as
// the present model would (as they were, where they were) and taught to the learner, more and more
// of them, until it is as right as the labels of the project's first third made it; the audit
// labels and what was chosen later judge both, and half of the audit labels at a time teach the
// learner as well, which is the back-test. Trains about 100 models: of 5,000 rows at most, with
// what the present one's training chose by itself; of learners dearer than a linear one fewer, of
// 1,000. The same data and seed say the same. Needs empty reasons of both kinds.
Json estimate_labels_saved(const learners::Learner& learner, const Params& params,
                           const SavedData& data, uint64_t seed, const Progress& progress);

// "57 % (95 % CI 17 to 88 %): …" or "at least 57 % …" where the range lies above 0; "costs more
// labels than random so far: …" where it lies below; else "cannot be told yet: between …".
std::string saved_sentence(const Json& estimate);
// How the simulated random labels compare with the real ones; empty where there is no back-test.
std::string saved_back_test_sentence(const Json& estimate);

}  // namespace querist::loop
