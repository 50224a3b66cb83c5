// How a model version tells rows that are like none it was trained on: chosen, fitted and stored
// with the version.
#pragma once

#include "loop/workshop.h"

namespace querist::loop {

// Share of rows like the training rows that is flagged.
inline constexpr double flagged_share = 0.05;

// What the version (0: the newest) knows of rows out of distribution, docs/http.md's
// `out_of_distribution`: the detector, how each candidate did, the threshold. The first call for a
// version chooses a detector, fits it and stores it with the version, which takes about ten
// trainings; later ones read. Takes the workshop's mutex while it reads features.
Json ood_report(Workshop& workshop, int64_t version, const Progress& progress);

}  // namespace querist::loop
