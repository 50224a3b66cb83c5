// The one-standard-error rule (Breiman et al. 1984): the plainer method stays unless another one's
// gain is beyond what chance alone moves it by.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace querist::metrics {

struct PairedGain {
  double loss = 0;            // Mean over the rows.
  double gain = 0;            // The plainer method's mean loss minus this.
  double standard_error = 0;  // Of the gain, from the rows' differences; 0 with one row.
};

struct OneStandardErrorChoice {
  size_t chosen = 0;
  std::vector<PairedGain> methods;  // As given; the first one's gain is 0.
};

// losses[m][i]: what method m lost on row i, out of fold (of a model that had not seen the row).
// Method 0 is the plainer one, which stays unless another has a gain of more than one standard
// error of that gain; of several such the least mean loss wins, ties to the lower. With fewer than
// two rows the first stays. Refuses no method, no row, rows of different number, NaN and infinity.
OneStandardErrorChoice choose_by_one_standard_error(std::span<const std::vector<double>> losses);

}  // namespace querist::metrics
