// GLAD's numbers: how able each annotator is, and how easy each item.
#pragma once

#include <span>
#include <vector>

#include "consensus/active_lab/answers.h"

namespace querist::consensus {

// An answer is right with chance sigmoid(ability · exp(ease)); both have normal priors of mean 1
// and deviation 1.
struct Abilities {
  std::vector<double> ability;  // (annotators).
  std::vector<double> ease;     // (items): its exponential is the item's easiness.

  explicit Abilities(const AnswerTable& table)
      : ability(table.annotators, 1), ease(table.items, 1) {}

  double right(size_t item, size_t annotator) const;
  // Climbs the expected log posterior of the answers under these posteriors (items, classes):
  // Newton steps on the abilities, in which it is concave, then scoring steps on the items.
  void climb(const AnswerTable& table, std::span<const double> posteriors);
};

}  // namespace querist::consensus
