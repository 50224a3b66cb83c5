// How much worse a model becomes as what it reads becomes worse.
#pragma once

#include "loop/workshop.h"

namespace querist::loop {

// Accuracy and calibration error of the version (0: the newest) on its audit examples, for every
// perturbation of the project's payload at severity 0 … 5, with intervals; docs/http.md's
// `robustness`. Severity 0 is what the version's metrics say. Nothing is trained or stored. Where
// there are no audit labels, `perturbations` is empty and `reason` says so.
Json robustness_report(Workshop& workshop, int64_t version, const Progress& progress);

}  // namespace querist::loop
