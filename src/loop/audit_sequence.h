// How right a version is on the audit labels in the order of their draw: an interval that holds
// however often one looked while they came in.
#pragma once

#include <span>

#include "base/json.h"
#include "data/records.h"
#include "loop/numbered_labels.h"
#include "storage/store.h"

namespace querist::loop {

// The places of the audit labels in the order in which selections drew them; within one selection,
// whose answers are looked at together, by lot. Those that no selection drew stand last.
std::vector<size_t> draw_order(storage::Store& store, const Project& project,
                               const NumberedLabels& audit);

// {value, low, high, audit_labels, method, sentence}: with 95 % chance the version's accuracy on
// the pool lies within such an interval at every number of audit labels (Waudby-Smith and Ramdas
// 2023), while Wilson's interval holds at one number alone. value, the share of right ones, always
// lies within. right: in the order of the draw, one at least.
Json confidence_sequence_json(std::span<const double> right);

// Puts it under "confidence_sequence". predicted: the version's answer to each audit label.
void add_confidence_sequence(Json& metrics, storage::Store& store, const Project& project,
                             const NumberedLabels& audit, std::span<const int32_t> predicted);

}  // namespace querist::loop
