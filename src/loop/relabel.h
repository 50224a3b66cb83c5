// Another answer to a labelled example, or the first to a new one: what a batch asks when
// annotators err (ActiveLab: Goh and Mueller 2023).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "consensus/active_lab/answers.h"

namespace querist::loop {

inline constexpr size_t most_answers = 5;  // An example is not asked about more often.
// Examples with two answers or more from which on agreement can tell that nobody errs …
inline constexpr int64_t enough_twice_answered = 20;
inline constexpr double agreement_of_the_careful = 0.95;  // … where its lower bound is above this.

// What annotators answered of the labelled examples, and what the model says.
struct AnswersSoFar {
  consensus::CrowdAnswers answers;  // Items are the rows of out_of_fold.
  MatrixView out_of_fold;           // (items, classes), by models that did not learn from the row.
  MatrixView unlabeled;             // (candidates, classes), by the model.
  std::vector<uint8_t> eligible;    // One an item: somebody else could answer it now.
};

struct Relabel {
  std::vector<size_t> items;   // Rows of out_of_fold, most wanted first.
  int64_t twice_answered = 0;  // Items with two answers or more.
  int64_t agreeing_pairs = 0;  // Of the pairs of answers to the same item.
  int64_t pairs = 0;
  std::string sentence;  // Why these, or why none.
};

// The labelled items among the `batch` lowest ActiveLab scores of items and candidates, at most
// half a batch. None with one annotator, or where enough_twice_answered items show that annotators
// agree.
Relabel items_to_relabel(const AnswersSoFar& so_far, size_t batch);

}  // namespace querist::loop
