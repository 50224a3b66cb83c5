// The list of every consensus method in this folder, written by the build, and the door through
// which they are asked.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/limits.h"
#include "base/registry.h"
#include "consensus/consensus.h"

namespace querist::consensus {

const std::vector<ConsensusMethod>& all() {
  static const std::vector<ConsensusMethod> cards = {
#define ENTRY(function, wire_name) function(),
#include "consensus.list"
#undef ENTRY
  };
  return cards;
}

const ConsensusMethod& find(std::string_view name) {
  return find_card(all(), "consensus method", name);
}

static void check_model(const ConsensusMethod& method, size_t items, size_t classes,
                        const Probabilities& model) {
  if (!method.reads_probabilities) return;
  if (model.rows != items || model.cols != classes) {
    refuse("{} reads a model's probabilities of the {} items in {} classes, not {} by {}",
           method.name, items, classes, model.rows, model.cols);
  }
}

static void finish(const AnswerTable& table, Consensus& result) {
  const size_t classes = table.classes;
  std::vector<double> sums(table.annotators);
  for (size_t i = 0; i < table.items; ++i) {
    const double* row = result.probabilities.data() + i * classes;
    result.labels.push_back(static_cast<int32_t>(std::max_element(row, row + classes) - row));
    for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j)
      sums[static_cast<size_t>(table.annotator[j])] += row[table.label[j]];
  }
  for (size_t a = 0; a < table.annotators; ++a) {
    const auto answers = static_cast<double>(table.per_annotator[a]);
    result.annotator_quality.push_back(answers > 0 ? sums[a] / answers
                                                   : std::numeric_limits<double>::quiet_NaN());
  }
}

Consensus aggregate(const ConsensusMethod& method, const CrowdAnswers& answers, size_t items,
                    size_t classes, const Probabilities& model, const Params& params) {
  if (classes == 0 || classes > limits::max_classes)
    refuse("there must be 1 to {} classes, not {}", limits::max_classes, classes);
  const AnswerTable table = answer_table(answers, items, classes);
  check_model(method, items, classes, model);
  Consensus result = method.aggregate(table, model, params);
  finish(table, result);
  return result;
}

}  // namespace querist::consensus
