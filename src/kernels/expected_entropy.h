// How uncertain a committee will still be about a row's label once other labels are known: the sum
// under BALD, BatchBALD (Kirsch et al. 2019) and EPIG (Bickford Smith et al. 2023).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// The class probabilities of every member of a committee: (members, rows, classes), row-major,
// borrowed. All that reads them lifts probabilities to least_probability, so that logarithms stay
// finite, and scales the classes of a row to sum to 1.
struct Committee {
  size_t members = 0;
  size_t rows = 0;
  size_t classes = 0;
  const float* values = nullptr;
};
constexpr double least_probability = 1e-7;

// One row as every member sees it: out is (members, classes).
void read_row(const Committee& committee, size_t row, std::span<double> out);

// What may become known: outcomes, each with its weight (they sum to 1) and what it leaves of the
// members (a distribution over them).
struct Outcomes {
  size_t members = 0;
  std::vector<double> weights;     // (outcomes)
  std::vector<double> posteriors;  // (outcomes, members), rows sum to 1.

  size_t count() const { return weights.size(); }
};

// Nothing known: one outcome, all members alike.
Outcomes no_outcomes(size_t members);

// For a row: sum over outcomes o of weights[o] · H(sum over members k of posteriors[o, k] p_k), in
// nats. A row costs outcomes · members · classes multiply-adds and outcomes · classes logarithms.
class ExpectedEntropy {
 public:
  // Copies the outcomes to float32: 4 · count · members bytes. `outcomes` must outlive it.
  explicit ExpectedEntropy(const Outcomes& outcomes);

  // One number a row, in float32 with sums of tiles in double: within `error` of the exact one. The
  // answer for a row does not depend on the other rows.
  void approximate(const Committee& committee, std::span<const int64_t> rows,
                   std::span<double> out) const;
  // In double.
  double exact(const Committee& committee, int64_t row) const;

  static constexpr double error = 4e-6;  // Up to 1,000 classes, one lane adding them all.

 private:
  const Outcomes& outcomes_;
  size_t tiles_ = 0;
  std::vector<float> weights_;     // Padded by zeros to whole tiles.
  std::vector<float> posteriors_;  // (tiles, members, outcomes of a tile).
};

// The mean over members of the entropy of their own probabilities, in nats; the first within
// ExpectedEntropy::error, the second in double.
void mean_entropies(const Committee& committee, std::span<const int64_t> rows,
                    std::span<double> out);
double mean_entropy(const Committee& committee, int64_t row);

// values[i] = -p ln p for p = values[i] in [1e-30, 1.001]; absolute error below 1e-7. 0 gives 0.
void entropy_terms(std::span<float> values);

}  // namespace querist::kernels
