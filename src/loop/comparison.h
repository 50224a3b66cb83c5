// Two stored versions of a project on the same audit examples.
#pragma once

#include "loop/workshop.h"

namespace querist::loop {

// {"version", "against", "audit_labels", "accuracy", "against_accuracy", "only_right",
// "only_against_right", "difference": accuracy of the first minus the other's, "p_value", "test",
// "log_loss", "against_log_loss", "log_loss_difference", "sentence"}, estimates with intervals;
// each version as it predicts: calibrated, by its own rule of decision and its own featurizer.
// Audit examples labelled later than a version count too, but none of a class that one of both does
// not know. Takes the workshop's mutex while features are made. Throws not_found for a version that
// is none, invalid_argument for one version twice, and conflict where one was trained on the audit
// labels or none can be compared.
Json comparison(Workshop& workshop, int64_t version, int64_t against, const Progress& progress);

}  // namespace querist::loop
