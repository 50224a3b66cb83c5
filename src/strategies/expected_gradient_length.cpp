// Expected gradient length: ask about the examples whose label would move a softmax head most
// (Settles, Craven and Ray 2008).
//
// The gradient for label y is (p - e_y) times x' = [x, 1], so the expected length is
// |x'| * sum_y p_y sqrt(1 - 2 p_y + |p|^2). With `normalize`, embeddings count as unit rows (a zero
// row stays zero, so |x'| is 1 instead of the square root of 2): else the norm decides alone.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/row_dots.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// For the likeliest class 1 - 2p + |p|^2 cancels when it is sure: (1 - p)^2 plus the other squares
// does not. For every other class the largest square is left over, so that nothing cancels.
static double expected_residual(std::span<const float> p) {
  const auto top = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  const auto largest = static_cast<double>(p[top]);
  double others = 0;
  for (size_t c = 0; c < p.size(); ++c) {
    const auto value = static_cast<double>(p[c]);
    others += c == top ? 0 : value * value;
  }
  double sum = 0;
  for (size_t c = 0; c < p.size(); ++c) {
    const auto value = static_cast<double>(p[c]);
    const double rest = c == top ? others : others + largest * largest - value * value;
    sum += value * std::sqrt((1 - value) * (1 - value) + rest);
  }
  return sum;
}

static bool is_zero(const Features& x, size_t row) {
  const size_t start = row * x.cols;
  for (size_t j = start; j < start + x.cols; ++j) {
    if (x.kind == Features::Kind::dense ? x.dense[j] != 0 : (x.half[j] & 0x7fff) != 0) return false;
  }
  return true;
}

static double squared_norm(const Features& x, size_t row) {
  const size_t start = row * x.cols;
  double sum = 0;
  for (size_t j = start; j < start + x.cols; ++j) {
    const auto value = static_cast<double>(
        x.kind == Features::Kind::dense ? x.dense[j] : half_to_float(x.half[j]));
    sum += value * value;
  }
  return sum;
}

// |[x, 1]| of every candidate.
static std::vector<double> lengths(const Pool& pool, bool normalize) {
  const Features& x = pool.embeddings;
  std::vector<double> out(pool.candidates.size());
  std::vector<float> squares(normalize ? 0 : out.size());
  if (!normalize) kernels::row_squared_norms(x, pool.candidates, squares);
  parallel_for(out.size(), 4096, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto row = static_cast<size_t>(pool.candidates[i]);
      double square = 0;
      if (normalize) {
        square = is_zero(x, row) ? 0 : 1;
      } else {
        // Huge entries overflow the squares in float32.
        square = std::isfinite(squares[i]) ? static_cast<double>(squares[i]) : squared_norm(x, row);
      }
      out[i] = std::sqrt(square + 1);
    }
  });
  return out;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  std::vector<double> utilities = lengths(pool, params.flag("normalize"));
  parallel_for(utilities.size(), 4096, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto row = static_cast<size_t>(pool.candidates[i]);
      utilities[i] *= expected_residual(pool.probabilities.row(row));
    }
  });
  return top_k(pool, utilities, batch_size);
}

QueryStrategy expected_gradient_length() {
  return {
      .name = "expected_gradient_length",
      .summary = "Label would move a softmax head most: expected length of the gradient.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = {{.name = "normalize",
                  .fallback = true,
                  .help = "Scale embeddings to unit length first; else long rows win."}},
      .select = select,
      .source = "Settles, Craven and Ray 2008",
      .task = Task::classification,
      .family = "model_change",
  };
}

}  // namespace querist::strategies
