// What a crowd should do next: label an item again or a new row, and who should.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/active_lab/answers.h"

namespace querist::consensus {

struct Work {
  bool relabel;  // Another label of item `row`, or the first of unlabelled row `row`.
  int64_t row;
  double score;
};

// The `count` lowest scores of both kinds together, ascending; ties go to relabelling and then to
// the lower row. A NaN is never chosen; where there are fewer, all are.
std::vector<Work> choose_work(std::span<const double> scores,
                              std::span<const double> unlabeled_scores, size_t count);

// Of the annotators available, the one of greatest weight who has not labelled the item; ties go to
// the lower number; nobody where all have. An annotator beyond the end of weights (a new one)
// counts as the mean of them. labelled: the annotators of the item (AnswerTable::annotators_of, in
// any order); empty for a new row.
std::optional<int64_t> whom_to_ask(std::span<const int32_t> labelled,
                                   std::span<const int64_t> available,
                                   std::span<const double> weights);

}  // namespace querist::consensus
