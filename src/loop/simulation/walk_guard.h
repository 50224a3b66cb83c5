// The guard of a simulated loop: its labels as they were at the last look.
#pragma once

#include <vector>

#include "loop/guard.h"

namespace querist::loop {

// Labels of the pool, in the order in which they were given.
struct WalkLabels {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;
  std::vector<uint8_t> chosen;  // 0 where the guard drew it.
};

class WalkGuard {
 public:
  // Before each round: the labels so far, all features of the pool. Looks where one is due.
  void watch(const learners::ChosenLearner& learner, const Features& features, size_t classes,
             const WalkLabels& trained_on, const WalkLabels& audit, uint64_t seed,
             const Progress& progress);
  double random_share() const { return state_.raised ? guard_random_share : 0; }
  GuardTurn turn() const { return turn_; }  // Of the last round.

 private:
  GuardState state_;
  GuardTurn turn_ = GuardTurn::none;
  WalkLabels trained_on_;  // As of the last look, as is the number of audit labels.
  size_t audit_ = 0;
  int64_t rounds_ = -1;  // Since then; -1: there was none.
};

}  // namespace querist::loop
