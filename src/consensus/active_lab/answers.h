// What a crowd answered, as triples and item by item: memory follows the answers, not items times
// annotators.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace querist::consensus {

// One answer a place, in any order: annotator `annotators[i]` gave item `items[i]` the class
// `labels[i]`. All are numbered from 0.
struct CrowdAnswers {
  std::span<const int64_t> items;
  std::span<const int64_t> annotators;
  std::span<const int32_t> labels;
};

// Answers by item, within an item by annotator ascending.
struct AnswerTable {
  size_t items = 0;
  size_t annotators = 0;  // The highest number + 1.
  size_t classes = 0;
  std::vector<size_t> offsets;     // Item i has the answers offsets[i] … offsets[i + 1] - 1.
  std::vector<int32_t> annotator;  // One an answer.
  std::vector<int32_t> label;
  std::vector<size_t> per_annotator;  // How many answers each gave; 0 for a number nobody bears.

  size_t count(size_t item) const { return offsets[item + 1] - offsets[item]; }
  std::span<const int32_t> annotators_of(size_t item) const {
    return std::span(annotator).subspan(offsets[item], count(item));
  }
  std::span<const int32_t> labels_of(size_t item) const {
    return std::span(label).subspan(offsets[item], count(item));
  }
};

// O(answers). Throws invalid_argument, naming the place or the item, on lengths that differ,
// numbers out of range, a second answer of one annotator to one item, or an item without answers.
AnswerTable answer_table(const CrowdAnswers& answers, size_t items, size_t classes);

}  // namespace querist::consensus
