// One number at a time, the others fixed.
#include "consensus/parts/abilities.h"

#include <algorithm>
#include <cmath>

namespace querist::consensus {

static constexpr int sweeps = 3;
// exp of more would make one item decide everything.
static constexpr double most_ease = 4;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double Abilities::right(size_t item, size_t annotator) const {
  return sigmoid(ability[annotator] * std::exp(ease[item]));
}

void Abilities::climb(const AnswerTable& table, std::span<const double> posteriors) {
  std::vector<double> slope(table.annotators);
  std::vector<double> curvature(table.annotators);
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (size_t a = 0; a < table.annotators; ++a) {
      slope[a] = 1 - ability[a];
      curvature[a] = 1;
    }
    for (size_t i = 0; i < table.items; ++i) {
      const double easiness = std::exp(ease[i]);
      for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
        const auto a = static_cast<size_t>(table.annotator[j]);
        const double s = sigmoid(ability[a] * easiness);
        const double q = posteriors[i * table.classes + static_cast<size_t>(table.label[j])];
        slope[a] += (q - s) * easiness;
        curvature[a] += s * (1 - s) * easiness * easiness;
      }
    }
    for (size_t a = 0; a < table.annotators; ++a) ability[a] += slope[a] / curvature[a];
    for (size_t i = 0; i < table.items; ++i) {
      const double easiness = std::exp(ease[i]);
      double up = 1 - ease[i];
      double bend = 1;
      for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
        const double x = ability[static_cast<size_t>(table.annotator[j])] * easiness;
        const double s = sigmoid(x);
        const double q = posteriors[i * table.classes + static_cast<size_t>(table.label[j])];
        up += (q - s) * x;
        bend += s * (1 - s) * x * x;
      }
      ease[i] = std::min(most_ease, ease[i] + std::clamp(up / bend, -1.0, 1.0));
    }
  }
}

}  // namespace querist::consensus
