// The examples a strategy may choose from, and the signals that its card asks for.
#pragma once

#include <any>
#include <cstdint>
#include <span>

#include "base/matrix.h"
#include "data/task.h"

namespace querist {

// What a strategy reads; combine with |.
enum class Signal : unsigned {
  none = 0,
  probabilities = 1,         // Of classes; of each label on its own where the task is multi_label.
  embeddings = 2,            // Dense or half rows.
  member_probabilities = 4,  // Of each member of a committee.
  predictions = 8,           // Regression: one number a row.
  member_predictions = 16,   // Regression: one number a row of each member.
  labels = 32,               // What the labelled rows were labelled: of the card's task.
};

constexpr Signal operator|(Signal a, Signal b) {
  return static_cast<Signal>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Signal operator&(Signal a, Signal b) {
  return static_cast<Signal>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr bool has(Signal set, Signal one) { return (set & one) == one; }

// The class probabilities of every member of a committee: (members, rows, cols), row-major.
struct Members {
  size_t members = 0;
  size_t rows = 0;
  size_t cols = 0;
  const float* values = nullptr;

  MatrixView member(size_t m) const { return {rows, cols, values + m * rows * cols}; }
};

// All rows are numbered 0 … size-1; candidates and labeled are disjoint, ascending row numbers. A
// signal that nobody gave is empty.
struct Pool {
  size_t size = 0;
  size_t classes = 0;                   // Classes, or labels where the task is multi_label.
  std::span<const int64_t> candidates;  // Rows that may be chosen.
  std::span<const int64_t> labeled;     // Rows that have a label.
  std::span<const int32_t> labels;      // The class ids of `labeled`; empty: not known.
  MatrixView probabilities;  // (size, classes), rows sum to 1; empty when there is no model yet.
  Features embeddings;       // (size, d), dense or half; unit rows unless the source gave others.
  bool trees = false;        // The model cuts columns one at a time (a forest, boosted trees).
  bool checked = false;  // The caller knows all signals to be sound: they are not scanned again.
  // Where a strategy may keep what it computes for its next call over the same embeddings; null:
  // nowhere. What is kept saves time and never changes an answer. The caller empties it before
  // other embeddings may lie at the same address.
  std::any* memory = nullptr;
  Members member_probabilities;        // (members, size, classes).
  std::span<const float> predictions;  // Regression: (size).
  MatrixView member_predictions;       // Regression: (members, size).
  std::span<const float> targets;      // Regression: the labels of `labeled`; empty: not known.
  MatrixView label_matrix;             // Multi-label: (labeled, classes), each 0 or 1.
  std::span<const float> costs;     // (size), positive: the price of a row's label; empty: all 1.
  std::span<const int32_t> groups;  // (size), any numbers; empty: no groups.
};

}  // namespace querist
