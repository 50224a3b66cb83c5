// The examples a strategy may choose from, and the signals that its card asks for.
#pragma once

#include <any>
#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist {

// What a strategy reads; combine with |.
enum class Signal : unsigned { none = 0, probabilities = 1, embeddings = 2 };

constexpr Signal operator|(Signal a, Signal b) {
  return static_cast<Signal>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(Signal set, Signal one) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) == static_cast<unsigned>(one);
}

// All rows are numbered 0 … size-1; candidates and labeled are disjoint, ascending row numbers.
struct Pool {
  size_t size = 0;
  size_t classes = 0;
  std::span<const int64_t> candidates;  // Rows that may be chosen.
  std::span<const int64_t> labeled;     // Rows that have a label.
  std::span<const int32_t> labels;      // The class ids of `labeled`.
  MatrixView probabilities;  // (size, classes), rows sum to 1; empty when there is no model yet.
  Features embeddings;       // (size, d), dense or half; unit rows unless the source gave others.
  bool checked = false;      // The caller knows both to be finite: they are not scanned again.
  // Where a strategy may keep what it computes for its next call over the same embeddings; null:
  // nowhere. What is kept saves time and never changes an answer. The caller empties it before
  // other embeddings may lie at the same address.
  std::any* memory = nullptr;
};

}  // namespace querist
