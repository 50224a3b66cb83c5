// The card of a calibrator, which turns a model's logits into probabilities that mean what they
// say, and what it has learnt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/matrix.h"
#include "base/params.h"
#include "metrics/double_view.h"

namespace querist::calibrators {

using metrics::DoubleView;

// What a calibrator learns from: predictions of rows that the model did not train on (out of fold).
struct CalibrationSet {
  DoubleView logits;  // (rows, classes), finite; logarithms of probabilities serve.
  std::span<const int32_t> labels;
  std::span<const double> weights{};  // One a row, positive; empty: all 1.
};

struct Calibrator {
  std::string_view name;
  std::string_view summary;
  ParamSpecs params{};
  // The numbers that apply reads. Pure: the same set gives the same numbers.
  std::vector<double> (*fit)(const CalibrationSet& set, const Params& params) = nullptr;
  // Writes (rows, classes) probabilities; each row sums to 1.
  void (*apply)(std::span<const double> state, DoubleView logits,
                std::span<double> probabilities) = nullptr;
  // Whether apply may read these (finite) numbers: asked of a stored calibration.
  bool (*fits)(std::span<const double> state, size_t classes) = nullptr;
  // With fewer labels it is not tried by choose_calibrator.
  size_t (*least_labels)(size_t classes) = nullptr;
  std::string_view source{};  // Author, year.
};

// Every calibrator of this folder, by wire name ascending.
const std::vector<Calibrator>& all();
const Calibrator& find(std::string_view name);

// What a calibrator has learnt.
struct Calibration {
  std::string_view name;  // The calibrator's.
  size_t classes = 0;
  std::vector<double> state;
};

// Refuses no rows, fewer than two classes, logits that are not finite, labels out of range, and
// weights that are not positive and finite; then fits.
Calibration fit(const Calibrator& calibrator, const CalibrationSet& set, const Params& params);

// (rows, classes) probabilities. Refuses another number of classes, and logits that are not finite.
std::vector<double> calibrate(const Calibration& calibration, DoubleView logits);

// load refuses bytes that save has not written: cut short, or naming what does not exist.
std::string save(const Calibration& calibration);
Calibration load(std::string_view bytes);

// The same as {name, classes, state}, to lie in a row of the store. calibration_of refuses what
// calibration_json has not written.
Json calibration_json(const Calibration& calibration);
Calibration calibration_of(const Json& json);

// Replaces (rows, classes) probabilities by calibrated ones; rows in parallel, each on its own.
void calibrate(const Calibration& calibration, Matrix& probabilities);

// ln p, p clipped to [1e-15, 1]: where a model gives no logits.
std::vector<double> logits_of(DoubleView probabilities);

// How each calibrator did on rows that it had not seen; log_loss is NaN where there were too few
// labels to try it.
struct Candidate {
  std::string_view name;
  double log_loss = 0;
};
struct Choice {
  Calibration calibration;  // Of the best, fitted on all rows.
  std::vector<Candidate> candidates;
};

// The calibrator, with its default settings, whose log loss (probabilities clipped to 1e-15) is
// least over stratified folds: fitted on all folds but one, measured on that. Ties go to the one
// that needs fewer labels. `folds` is cut to the number of rows; with one row none is fitted.
Choice choose_calibrator(const CalibrationSet& set, size_t folds = 5, uint64_t seed = 0);

#define ENTRY(function, wire_name) Calibrator function();
#include "calibrators.list"
#undef ENTRY

}  // namespace querist::calibrators
