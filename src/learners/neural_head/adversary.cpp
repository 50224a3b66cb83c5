// The steps are taken in the features' units and told to the network in its own.
#include "learners/neural_head/adversary.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/gemm.h"

namespace querist::learners {

using kernels::Op;

void input_gradient(const Network& network, const Tape& tape, const Matrix& by_scores,
                    Matrix& out) {
  Matrix delta = by_scores;
  for (size_t l = network.layers.size(); l-- > 0;) {
    const Matrix& weights = network.layers[l].weights;
    out = Matrix(delta.rows, weights.cols);
    kernels::gemm(Op::plain, Op::plain, 1, delta, weights, 0, out);
    if (l == 0) return;
    const Matrix& slopes = tape.slopes[l - 1];
    for (size_t i = 0; i < slopes.values.size(); ++i) out.values[i] *= slopes.values[i];
    std::swap(delta, out);
  }
}

static double length_of(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

// One step along the gradient by the features, then back into the ball.
static void move_row(std::span<const float> gradient, const Ball& ball, double step,
                     std::span<float> moved) {
  if (ball.norm == Norm::linf) {
    const auto radius = static_cast<float>(ball.radius);
    for (size_t j = 0; j < moved.size(); ++j) {
      const double sign = gradient[j] > 0 ? 1 : gradient[j] < 0 ? -1 : 0;
      moved[j] = std::clamp(moved[j] + static_cast<float>(step * sign), -radius, radius);
    }
    return;
  }
  const double length = length_of(gradient);
  if (length == 0) return;
  for (size_t j = 0; j < moved.size(); ++j)
    moved[j] += static_cast<float>(step * static_cast<double>(gradient[j]) / length);
  const double reached = length_of(moved);
  if (reached <= ball.radius) return;
  for (float& value : moved) value *= static_cast<float>(ball.radius / reached);
}

void worsen(const Network& network, const InputForm& form, const Ball& ball, const Ascent& ascent,
            Batch& batch) {
  if (network.by_column) {
    refuse("the rows are too wide and sparse to be moved: use dense features, such as embeddings");
  }
  const Matrix clean = batch.dense;
  Matrix moved(clean.rows, clean.cols);
  Tape tape;
  Matrix by_scores, gradient;
  Rng rng(0);  // Nothing is dropped.
  const double step =
      ball.steps == 1 ? ball.radius : 2.5 * ball.radius / static_cast<double>(ball.steps);
  for (size_t s = 0; s < ball.steps; ++s) {
    forward(network, batch, 0, rng, tape);
    ascent(tape.outputs.back(), by_scores);
    input_gradient(network, tape, by_scores, gradient);
    for (size_t i = 0; i < clean.rows; ++i) {
      const auto row = gradient.row(i);
      for (size_t j = 0; j < row.size(); ++j) row[j] *= form.scale[j];
      move_row(row, ball, step, moved.row(i));
      for (size_t j = 0; j < row.size(); ++j)
        batch.dense.at(i, j) = clean.at(i, j) + moved.at(i, j) * form.scale[j];
    }
  }
}

}  // namespace querist::learners
