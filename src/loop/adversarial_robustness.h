// How right a stored model stays on the audit labels when every row may be moved within a ball.
#pragma once

#include "base/json.h"
#include "learners/robustness.h"
#include "loop/workshop.h"

namespace querist::loop {

// {"version", "method": "exact" (linear heads) or "pgd" (neural ones: at most so robust), "norm",
// "radius", "steps", "audit_labels", "accuracy", "robust_accuracy"}, the last two with Wilson
// intervals. The workshop's mutex must be held. Throws conflict where there is no audit label, the
// audit labels were trained on, or the version reads features of an older featurizer, and
// invalid_argument for learners without gradients.
Json robustness(Workshop& workshop, int64_t version, const learners::Ball& ball,
                const Progress& progress);

}  // namespace querist::loop
