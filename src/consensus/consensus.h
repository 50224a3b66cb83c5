// The card of a consensus method, which makes one answer an item out of what several annotators
// said, and says how far each of them can be trusted.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/params.h"
#include "consensus/active_lab/answers.h"
#include "consensus/active_lab/probabilities.h"

namespace querist::consensus {

struct Consensus {
  std::vector<double> probabilities;  // (items, classes), row-major; each row sums to 1.
  std::vector<int32_t> labels;        // The likeliest class of each item; ties go to the lower one.
  // Of each annotator: how likely an answer of theirs is right, the mean over their answers of the
  // class's probability. NaN for a number that nobody bears.
  std::vector<double> annotator_quality;
  size_t rounds = 0;  // Of an iterative method, until nothing moved or its limit was reached.
};

struct ConsensusMethod {
  std::string_view name;
  std::string_view summary;
  ParamSpecs params{};
  std::string_view source{};         // Author, year.
  bool reads_probabilities = false;  // Needs a model's probabilities of every item.
  // Fills probabilities (and rounds); the door does the rest. Pure: the same answers in any order
  // give the same numbers.
  Consensus (*aggregate)(const AnswerTable& answers, const Probabilities& model,
                         const Params& params) = nullptr;
};

// Every method of this folder, by wire name ascending.
const std::vector<ConsensusMethod>& all();
const ConsensusMethod& find(std::string_view name);

// Items are numbered 0 … items-1, each with one answer at least. model: (items, classes), of a
// model that did not learn from the item; only for methods that read it. Throws invalid_argument as
// answer_table does, and where a method lacks the probabilities that it reads.
Consensus aggregate(const ConsensusMethod& method, const CrowdAnswers& answers, size_t items,
                    size_t classes, const Probabilities& model, const Params& params);

#define ENTRY(function, wire_name) ConsensusMethod function();
#include "consensus.list"
#undef ENTRY

}  // namespace querist::consensus
