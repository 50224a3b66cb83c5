// ActiveLab: how much another label of an item, or the first of a new one, would help (Goh and
// Mueller 2023), on CROWDLAB's weights of annotators and model (Goh, Tkachenko and Mueller 2022).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/active_lab/answers.h"
#include "consensus/active_lab/probabilities.h"

namespace querist::consensus {

struct ActiveLabOptions {
  // Probabilities are raised to 1 / temperature. Not set: found by best_temperature, or 1 where no
  // item has two answers.
  std::optional<double> temperature;
  // cleanlab 2.9 counts an item's answers into the lowest classes instead of their own when it
  // searches the temperature, and so finds too high a one. true: search as it does, for equal
  // scores; the default searches as the paper says.
  bool as_cleanlab = false;
  bool keep_posteriors = false;  // Whether ActiveLab::posteriors is filled.
};

struct ActiveLab {
  std::vector<double> scores;             // One an item; the lowest gain most from another label.
  std::vector<double> unlabeled_scores;   // One a row; comparable with the above. NaN: row has NaN.
  std::vector<int32_t> consensus;         // One an item.
  std::vector<double> quality;            // How likely the consensus is right, 0 to 1.
  std::vector<double> annotator_weights;  // One a number; of one who gave no answer: the mean.
  std::vector<double> posteriors;  // (items, classes): of which `quality` is the consensus's.
  double model_weight = 1;
  double temperature = 1;
};

// Items are the rows of `probabilities`, each with one answer at least; `unlabeled` rows have none
// and may be missing. Probabilities should come from a model that did not learn from the row.
//
// Scores equal cleanlab's get_active_learning_scores to 1e-8 (as_cleanlab, or the same
// temperature), where it draws no tie by chance: there the lower class stands (see majority.h). One
// class: every score is 1. No items: unlabelled scores are those of weight 1 for model and
// annotator.
//
// O(answers + 17 · items · classes exponentials); memory 8 bytes · items · classes. Over all
// threads; the result does not depend on how many, nor on the order of the answers. Throws
// invalid_argument, naming what and where: see answer_table; probabilities that are none (tolerance
// 0.001), a NaN in those of an item, a temperature that is not positive.
ActiveLab active_lab(const CrowdAnswers& answers, const Probabilities& probabilities,
                     const Probabilities& unlabeled = {}, const ActiveLabOptions& options = {});

}  // namespace querist::consensus
