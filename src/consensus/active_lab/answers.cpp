// Triples become rows by two counting sorts, first by annotator and then by item.
#include "consensus/active_lab/answers.h"

#include <algorithm>

#include "base/error.h"

namespace querist::consensus {

static constexpr int64_t most_annotators = 10'000'000;

static void check_answers(const CrowdAnswers& answers, size_t items, size_t classes) {
  const size_t n = answers.items.size();
  if (answers.annotators.size() != n || answers.labels.size() != n) {
    refuse("there are {} items, {} annotators and {} labels, but an answer has one of each", n,
           answers.annotators.size(), answers.labels.size());
  }
  const auto check = [](std::string_view what, size_t i, int64_t value, int64_t end) {
    if (value < 0 || value >= end) {
      refuse("{}: number {} is {}, not 0 to {}", what, i, value, end - 1);
    }
  };
  for (size_t i = 0; i < n; ++i) {
    check("items", i, answers.items[i], static_cast<int64_t>(items));
    check("annotators", i, answers.annotators[i], most_annotators);
    check("labels", i, answers.labels[i], static_cast<int64_t>(classes));
  }
}

// The places 0 … n-1 in the order of `order`, stably sorted by key.
static std::vector<size_t> sorted_by(std::span<const int64_t> keys, size_t bound,
                                     std::span<const size_t> order) {
  std::vector<size_t> next(bound + 1);
  for (const int64_t key : keys) ++next[static_cast<size_t>(key) + 1];
  for (size_t k = 0; k < bound; ++k) next[k + 1] += next[k];
  std::vector<size_t> sorted(order.size());
  for (const size_t i : order) sorted[next[static_cast<size_t>(keys[i])]++] = i;
  return sorted;
}

AnswerTable answer_table(const CrowdAnswers& answers, size_t items, size_t classes) {
  check_answers(answers, items, classes);
  const size_t n = answers.items.size();
  AnswerTable table{.items = items, .classes = classes};
  for (const int64_t a : answers.annotators) {
    table.annotators = std::max(table.annotators, static_cast<size_t>(a) + 1);
  }
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = i;
  order = sorted_by(answers.annotators, table.annotators, order);
  order = sorted_by(answers.items, items, order);

  table.offsets.resize(items + 1);
  table.annotator.reserve(n);
  table.label.reserve(n);
  table.per_annotator.resize(table.annotators);
  for (const size_t i : order) {
    const auto annotator = static_cast<int32_t>(answers.annotators[i]);
    const auto item = static_cast<size_t>(answers.items[i]);
    if (table.offsets[item + 1]++ > 0 && table.annotator.back() == annotator) {
      refuse("annotator {} labelled item {} twice", annotator, item);
    }
    table.annotator.push_back(annotator);
    table.label.push_back(answers.labels[i]);
    ++table.per_annotator[static_cast<size_t>(annotator)];
  }
  for (size_t item = 0; item < items; ++item) {
    if (table.offsets[item + 1] == 0) {
      refuse(
          "item {} has no label; number items from 0 without gaps, or give its probabilities as "
          "unlabeled_probabilities",
          item);
    }
    table.offsets[item + 1] += table.offsets[item];
  }
  return table;
}

}  // namespace querist::consensus
