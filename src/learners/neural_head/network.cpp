// Dense layers are BLAS products; a sparse first layer costs what its entries do.
#include "learners/neural_head/network.h"

#include <algorithm>
#include <cmath>

#include "kernels/gemm.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

using kernels::Op;

static void reshape(Matrix& matrix, size_t rows, size_t cols) {
  matrix.rows = rows;
  matrix.cols = cols;
  matrix.values.resize(rows * cols);
}

Network make_network(size_t inputs, size_t outputs, size_t hidden, size_t layers, bool by_column,
                     Rng& rng) {
  Network network{.layers = {}, .by_column = by_column};
  size_t width = inputs;
  for (size_t l = 0; l <= layers; ++l) {
    const bool is_last = l == layers;
    const size_t next = is_last ? outputs : hidden;
    const bool swapped = l == 0 && by_column;
    Layer layer{.weights = swapped ? Matrix(width, next) : Matrix(next, width),
                .bias = std::vector<float>(next)};
    const double spread = std::sqrt((is_last ? 0.2 : 2.0) / static_cast<double>(width));
    for (float& value : layer.weights.values) value = static_cast<float>(spread * rng.normal());
    network.layers.push_back(std::move(layer));
    width = next;
  }
  return network;
}

Gradient make_gradient(const Network& network) {
  Gradient gradient;
  for (const Layer& layer : network.layers) {
    gradient.layers.push_back({.weights = Matrix(layer.weights.rows, layer.weights.cols),
                               .bias = std::vector<float>(layer.bias.size())});
  }
  return gradient;
}

void forward(const Network& network, const Batch& batch, double dropout, Rng& rng, Tape& tape) {
  const size_t count = network.layers.size();
  tape.outputs.resize(count);
  tape.slopes.resize(count - 1);
  const auto scale = static_cast<float>(1 / (1 - dropout));
  for (size_t l = 0; l < count; ++l) {
    const Layer& layer = network.layers[l];
    Matrix& out = tape.outputs[l];
    const size_t width = layer.bias.size();
    reshape(out, batch.rows(), width);
    if (l == 0 && network.by_column) {
      kernels::sparse_scores(batch.sparse, 0, batch.rows(), layer.weights.values.data(),
                             layer.bias.data(), width, out.values.data());
    } else {
      for (size_t i = 0; i < out.rows; ++i) std::ranges::copy(layer.bias, out.row(i).begin());
      kernels::gemm(Op::plain, Op::transposed, 1, l == 0 ? batch.dense : tape.outputs[l - 1],
                    layer.weights, 1, out);
    }
    if (l + 1 == count) break;
    Matrix& slopes = tape.slopes[l];
    reshape(slopes, out.rows, width);
    for (size_t i = 0; i < out.values.size(); ++i) {
      const bool is_kept = dropout == 0 || rng.uniform() >= dropout;
      slopes.values[i] = is_kept && out.values[i] > 0 ? scale : 0;
      out.values[i] *= slopes.values[i];
    }
  }
}

void to_answers(Loss loss, std::span<float> scores) {
  if (loss == Loss::squared) return;
  if (loss == Loss::sigmoid) {
    for (float& score : scores) {
      score = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(score))));
    }
    return;
  }
  const float top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (float& score : scores) {
    score = std::exp(score - top);
    sum += static_cast<double>(score);
  }
  for (float& score : scores) score = static_cast<float>(static_cast<double>(score) / sum);
}

// -(1 - p)^focal log p, and its derivative by p times p.
static double focal_loss(double p, double focal, double& slope) {
  p = std::max(p, 1e-30);
  const double missing = 1 - p;
  const double log_p = std::log(p);
  if (focal == 0) {
    slope = -1;
    return -log_p;
  }
  const double power = std::pow(missing, focal);
  slope = missing < 1e-12 ? 0 : focal * p * power / missing * log_p - power;
  return -power * log_p;
}

static double row_loss(Loss loss, double focal, std::span<const float> answers,
                       std::span<const float> targets, float share, std::span<float> delta) {
  double sum = 0;
  double slope = 0;
  if (loss == Loss::softmax) {
    double p = 0;
    for (size_t k = 0; k < answers.size(); ++k) {
      p += static_cast<double>(targets[k]) * static_cast<double>(answers[k]);
    }
    sum = focal_loss(p, focal, slope);
    const auto factor = static_cast<float>(slope) * share;
    for (size_t k = 0; k < answers.size(); ++k) delta[k] = (targets[k] - answers[k]) * factor;
    return sum;
  }
  for (size_t k = 0; k < answers.size(); ++k) {
    const auto answer = static_cast<double>(answers[k]);
    const auto target = static_cast<double>(targets[k]);
    if (loss == Loss::squared) {
      sum += 0.5 * (answer - target) * (answer - target);
      delta[k] = static_cast<float>(answer - target) * share;
    } else {
      const double p = target > 0 ? answer : 1 - answer;
      sum += focal_loss(p, focal, slope);
      delta[k] = static_cast<float>((target > 0 ? 1 : -1) * (1 - p) * slope) * share;
    }
  }
  return sum;
}

double loss_of(Loss loss, double focal, const Matrix& scores, const Batch& batch, Matrix& delta) {
  reshape(delta, scores.rows, scores.cols);
  double total = 0;
  for (const float weight : batch.weights) total += static_cast<double>(weight);
  double sum = 0;
  std::vector<float> answers(scores.cols);
  for (size_t i = 0; i < scores.rows; ++i) {
    std::ranges::copy(scores.row(i), answers.begin());
    to_answers(loss, answers);
    const auto share = static_cast<double>(batch.weights[i]) / total;
    sum += share * row_loss(loss, focal, answers, batch.targets.row(i), static_cast<float>(share),
                            delta.row(i));
  }
  return sum;
}

// By column: the gradient of the columns that the batch names; those of the last batch are cleared.
static void sparse_backward(const Batch& batch, Gradient& gradient) {
  Matrix& weights = gradient.layers[0].weights;
  for (const int32_t column : gradient.touched) {
    std::ranges::fill(weights.row(static_cast<size_t>(column)), 0.0f);
  }
  kernels::add_sparse_outer_products(batch.sparse, 0, batch.rows(), gradient.delta.values.data(),
                                     weights.cols, weights.values.data());
  gradient.touched = batch.sparse.columns;
  std::ranges::sort(gradient.touched);
  const auto rest = std::ranges::unique(gradient.touched);
  gradient.touched.erase(rest.begin(), rest.end());
}

void backward(const Network& network, const Batch& batch, const Tape& tape, Gradient& gradient) {
  for (size_t l = network.layers.size(); l-- > 0;) {
    Layer& out = gradient.layers[l];
    std::ranges::fill(out.bias, 0.0f);
    for (size_t i = 0; i < batch.rows(); ++i) {
      for (size_t k = 0; k < out.bias.size(); ++k) out.bias[k] += gradient.delta.at(i, k);
    }
    if (l == 0 && network.by_column) {
      sparse_backward(batch, gradient);
      return;
    }
    kernels::gemm(Op::transposed, Op::plain, 1, gradient.delta,
                  l == 0 ? batch.dense : tape.outputs[l - 1], 0, out.weights);
    if (l == 0) return;
    reshape(gradient.before, batch.rows(), network.layers[l - 1].bias.size());
    kernels::gemm(Op::plain, Op::plain, 1, gradient.delta, network.layers[l].weights, 0,
                  gradient.before);
    const Matrix& slopes = tape.slopes[l - 1];
    for (size_t i = 0; i < slopes.values.size(); ++i) gradient.before.values[i] *= slopes.values[i];
    std::swap(gradient.delta, gradient.before);
  }
}

}  // namespace querist::learners
