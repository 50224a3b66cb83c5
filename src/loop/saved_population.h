// Which rows judge in an estimate of labels saved, what each of them counts for, and which rows
// random labels are drawn from.
#pragma once

#include "loop/labels_saved.h"

namespace querist::loop {

// The pool without the audit rows and the `learnt` rows that were labelled first, in two parts:
// rows that judge, a random sample, and rows to draw from, with as large a share of the learnt
// ones, so that draws are like the pool.
struct SavedPopulation {
  std::vector<int64_t> judges;        // Rows without a label, then rows that were labelled later,
  std::vector<size_t> later;          // which these are among SavedData::rows.
  std::vector<int64_t> drawn_from;    // The rows to draw from,
  std::vector<int32_t> drawn_labels;  // and what they were labelled; -1: they were not.
  // Of each audit label, in the order in which they came: the share of the pool that had no label
  // yet when it was drawn. It stands for these rows; the others' labels were known by then.
  std::vector<double> stands_for;
  // Of each judge: the share of the audit labels that were drawn when its label was known.
  std::vector<double> known_shares;

  size_t unlabeled() const { return judges.size() - later.size(); }
};

SavedPopulation saved_population(const SavedData& data, size_t learnt, uint64_t seed);

}  // namespace querist::loop
