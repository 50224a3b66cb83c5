// Calibrations as they lie in rows of the store, and applied to what a model says.
#include <algorithm>

#include "base/error.h"
#include "base/limits.h"
#include "base/threads.h"
#include "calibrators/calibrator.h"

namespace querist::calibrators {

static constexpr size_t rows_at_a_time = 2048;

Json calibration_json(const Calibration& calibration) {
  return {
      {"name", calibration.name}, {"classes", calibration.classes}, {"state", calibration.state}};
}

Calibration calibration_of(const Json& json) {
  const Calibrator& calibrator = find(json_text(json, "name"));
  const auto classes = static_cast<size_t>(json_integer(json, "classes"));
  Calibration calibration{calibrator.name, classes, {}};
  const auto state = json.find("state");
  if (state == json.end() || !state->is_array()) refuse("the stored calibration has no state");
  for (const Json& number : *state) {
    if (!number.is_number()) refuse("the stored calibration is damaged");  // NaN is stored as null.
    calibration.state.push_back(number.get<double>());
  }
  const size_t least = calibrator.name == "none" ? 1 : 2;  // One class has nothing to calibrate.
  if (classes < least || classes > limits::max_classes ||
      !calibrator.fits(calibration.state, classes))
    refuse("the stored calibration is damaged");
  return calibration;
}

void calibrate(const Calibration& calibration, Matrix& probabilities) {
  const size_t classes = probabilities.cols;
  parallel_for(probabilities.rows, rows_at_a_time, [&](size_t begin, size_t end) {
    for (size_t from = begin; from < end; from += rows_at_a_time) {
      const size_t rows = std::min(rows_at_a_time, end - from);
      const std::span<float> block(probabilities.values.data() + from * classes, rows * classes);
      const std::vector<double> values(block.begin(), block.end());
      const auto logits = logits_of({rows, classes, values.data()});
      const auto scaled = calibrate(calibration, {rows, classes, logits.data()});
      for (size_t i = 0; i < scaled.size(); ++i) block[i] = static_cast<float>(scaled[i]);
    }
  });
}

}  // namespace querist::calibrators
