// The list of every calibrator in this folder, written by the build, and the doors through which
// they learn, are applied and are stored.
#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/registry.h"
#include "calibrators/calibrator.h"

namespace querist::calibrators {

const std::vector<Calibrator>& all() {
  static const std::vector<Calibrator> cards = {
#define ENTRY(function, wire_name) function(),
#include "calibrators.list"
#undef ENTRY
  };
  return cards;
}

const Calibrator& find(std::string_view name) { return find_card(all(), "calibrator", name); }

static void check_logits(DoubleView logits) {
  for (size_t i = 0; i < logits.rows; ++i) {
    for (const double value : logits.row(i)) {
      if (!std::isfinite(value)) refuse("the logits of row {} must be finite, not {}", i, value);
    }
  }
}

static void check(const CalibrationSet& set) {
  const DoubleView logits = set.logits;
  if (logits.rows == 0) refuse("there are no labelled rows to calibrate on");
  if (logits.cols < 2 || logits.cols > limits::max_classes)
    refuse("there must be 2 to {} classes, not {}", limits::max_classes, logits.cols);
  if (set.labels.size() != logits.rows)
    refuse("there are {} labels for {} rows of logits", set.labels.size(), logits.rows);
  if (!set.weights.empty() && set.weights.size() != logits.rows)
    refuse("there are {} weights for {} rows of logits", set.weights.size(), logits.rows);
  for (const int32_t label : set.labels) {
    if (label < 0 || static_cast<size_t>(label) >= logits.cols)
      refuse("labels holds class {}, but there are {} classes", label, logits.cols);
  }
  for (const double weight : set.weights) {
    if (!(weight > 0) || !std::isfinite(weight))
      refuse("weights must be positive and finite, not {}", weight);
  }
  check_logits(logits);
}

Calibration fit(const Calibrator& calibrator, const CalibrationSet& set, const Params& params) {
  check(set);
  return {calibrator.name, set.logits.cols, calibrator.fit(set, params)};
}

std::vector<double> calibrate(const Calibration& calibration, DoubleView logits) {
  if (logits.cols != calibration.classes)
    refuse("the calibration knows {} classes, not {}", calibration.classes, logits.cols);
  check_logits(logits);
  std::vector<double> probabilities(logits.rows * logits.cols);
  find(calibration.name).apply(calibration.state, logits, probabilities);
  return probabilities;
}

static constexpr std::string_view magic = "querist calibration 1";

std::string save(const Calibration& calibration) {
  ByteWriter out;
  out.put(magic);
  out.put(calibration.name);
  out.put<uint64_t>(calibration.classes);
  out.put(calibration.state);
  return out.take();
}

Calibration load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.text() != magic) refuse("the stored object is no calibration");
  const Calibrator& calibrator = find(in.text());
  Calibration calibration{calibrator.name, in.number<uint64_t>(), in.vector<double>()};
  const bool finite = std::all_of(calibration.state.begin(), calibration.state.end(),
                                  [](double value) { return std::isfinite(value); });
  if (!in.at_end() || !finite || calibration.classes < 2 ||
      calibration.classes > limits::max_classes ||
      !calibrator.fits(calibration.state, calibration.classes)) {
    refuse("the stored calibration is damaged");
  }
  return calibration;
}

std::vector<double> logits_of(DoubleView probabilities) {
  std::vector<double> logits(probabilities.rows * probabilities.cols);
  for (size_t i = 0; i < logits.size(); ++i) {
    const double p = probabilities.values[i];
    if (!(p >= 0 && p <= 1 + 1e-5)) refuse("a probability must lie between 0 and 1, not {}", p);
    logits[i] = std::log(std::clamp(p, 1e-15, 1.0));
  }
  return logits;
}

}  // namespace querist::calibrators
