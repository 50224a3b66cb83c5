// The card of an out-of-distribution detector, which scores how unlike the training rows a row is,
// and what it has learnt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "base/params.h"
#include "data/pool.h"
#include "metrics/double_view.h"

namespace querist::out_of_distribution {

using metrics::DoubleView;

// What a detector reads of n rows.
struct Rows {
  DoubleView logits{};    // (n, classes), finite; from logits_of().
  Features embeddings{};  // (n, d), dense or half, finite; no columns: there are none.

  size_t count() const { return embeddings.cols > 0 ? embeddings.rows : logits.rows; }
};

struct TrainingRows {
  Rows rows;
  std::span<const int32_t> labels;  // Class ids, one a row.
};

// What fit leaves for score to read.
struct State {
  std::vector<double> numbers;
  Matrix rows;  // Reference rows; most detectors keep none.
};

struct Detector {
  std::string_view name;
  std::string_view summary;
  Signal needs = Signal::probabilities;  // Or embeddings.
  ParamSpecs params{};
  // Pure: the same rows give the same state.
  State (*fit)(const TrainingRows& training, const Params& params) = nullptr;
  // One number a row, higher: less like the training rows. A row's score does not depend on the
  // others, but for the last bits of a sum.
  void (*score)(const State& state, const Rows& rows, std::span<double> scores) = nullptr;
  // Whether score may read these (finite) numbers and rows: asked of a stored state.
  bool (*fits)(const State& state, size_t dimensions) = nullptr;
  std::string_view source{};  // Author, year.
};

// Every detector of this folder, by wire name ascending.
const std::vector<Detector>& all();
const Detector& find(std::string_view name);

// What a detector has learnt.
struct Fitted {
  std::string_view name;  // The detector's.
  size_t classes = 0;
  size_t dimensions = 0;  // Of the embeddings; 0: it reads none.
  State state;
};

// Whether the rows bring what the detector reads.
bool can_read(const Detector& detector, const Rows& rows);

// Refuses no rows, labels out of range, numbers that are not finite, and rows without what the
// detector needs.
Fitted fit(const Detector& detector, const TrainingRows& training, const Params& params);

// Refuses another number of classes or dimensions, and numbers that are not finite.
std::vector<double> score(const Fitted& fitted, const Rows& rows);

// load refuses bytes that save has not written: cut short, or naming what does not exist.
std::string save(const Fitted& fitted);
Fitted load(std::string_view bytes);

// Logits are known up to one number a row; here they sum to 0 over the classes, as those of a
// softmax regression do. p is clipped to [1e-38, 1], float32's least. (rows, classes).
std::vector<double> logits_of(MatrixView probabilities);

#define ENTRY(function, wire_name) Detector function();
#include "out_of_distribution.list"
#undef ENTRY

}  // namespace querist::out_of_distribution
