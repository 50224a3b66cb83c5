// The heavier parts of an evaluation, computed when asked for: slices, groups over the rounds,
// leakage.
#pragma once

#include <set>

#include "loop/slice_report.h"
#include "loop/workshop.h"

namespace querist::loop {

struct EvaluationWishes {
  std::set<std::string> parts;  // slices, groups, leakage.
  SliceLoss loss = SliceLoss::error;
  std::vector<std::string> group_columns;  // Empty: those of the project's settings.
};

// Of the newest model on the audit labels as they are now; docs/http.md, GET evaluation. Holds the
// workshop's mutex.
Json evaluation_report(Workshop& workshop, const Project& project, const EvaluationWishes& wishes,
                       const Progress& progress);

}  // namespace querist::loop
