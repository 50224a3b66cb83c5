// Walks over strengths to the one of least loss on held-out folds, and gives up early on those that
// some folds already speak against.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace querist::learners {

// The strengths are numbered lowest … highest; the walk starts at `start` and goes on while the sum
// of the folds' losses falls by more than 0.2 %: the loss has one valley.
// losses: fills in the losses of the given folds at one strength; asked once about each. A
// neighbour is given up where the first three folds leave its mean loss above the best one's by
// more than two standard errors (Maron and Moore 1994 race models so).
int walk_strengths(
    int start, int lowest, int highest, size_t folds,
    const std::function<void(int strength, size_t first_fold, std::span<double> losses)>& losses);

}  // namespace querist::learners
