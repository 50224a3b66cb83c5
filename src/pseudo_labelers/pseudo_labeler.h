// The card of a pseudo-labeler: it gives unlabelled examples weighted labels, which are for
// training alone and never reach calibration, evaluation, stopping or statistics.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "base/params.h"
#include "base/progress.h"
#include "base/rng.h"
#include "data/trainer.h"

namespace querist::pseudo_labelers {

// All rows are numbered 0 … features.rows-1, as the views and the geometry are.
struct PartlyLabeled {
  Features features;                   // What the model reads.
  Features geometry;                   // Dense or half rows whose distances mean something.
  Features second_view;                // Other columns of the same rows; empty: there are none.
  std::span<const int64_t> labeled;    // Ascending.
  std::span<const int32_t> labels;     // Of `labeled`: class ids.
  std::span<const int64_t> unlabeled;  // Ascending, disjoint from `labeled`.
  size_t classes = 0;
};

// Class ids for some of the unlabelled rows, and how much each counts beside a given label (1).
struct PseudoLabels {
  std::vector<int64_t> rows;  // Ascending, without repeats.
  std::vector<int32_t> labels;
  std::vector<float> weights;  // Positive.
};

struct PseudoLabeler {
  std::string_view name;
  std::string_view summary;
  ParamSpecs params{};
  bool needs_second_view = false;
  bool trains = true;           // Asks the trainer; others find their labels alone.
  bool reads_geometry = false;  // Others do not look at it.
  PseudoLabels (*label)(const PartlyLabeled& data, const Params& params, const Trainer& train,
                        Rng& rng, const Progress& progress) = nullptr;
  std::string_view source{};  // Author, year.
};

// Every pseudo-labeler of this folder, by wire name ascending.
const std::vector<PseudoLabeler>& all();
const PseudoLabeler& find(std::string_view name);

// Checks the data, then labels. With fewer than two classes among the labels nothing is labelled.
// Throws invalid_argument, naming what and where, on rows that are out of range, unsorted or in
// both sets, labels out of range, and views of other rows; also where a second view is needed and
// none is given.
PseudoLabels label(const PseudoLabeler& labeler, const PartlyLabeled& data, const Params& params,
                   const Trainer& train, uint64_t seed, const Progress& progress);

// The labelled rows and the pseudo-labelled ones, weighted, as one data set over `features`; the
// storage lies in `own`.
Dataset with_pseudo_labels(const PartlyLabeled& data, const PseudoLabels& pseudo,
                           OwnedFeatures& own);

// Gives every pseudo-label the same weight, `share` times that of all given labels together.
void weigh_alike(const PartlyLabeled& data, double share, PseudoLabels& pseudo);

#define ENTRY(function, wire_name) PseudoLabeler function();
#include "pseudo_labelers.list"
#undef ENTRY

}  // namespace querist::pseudo_labelers
