// A multi-layer perceptron with ReLUs: what a batch gives, and the gradient that it sends back.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "base/rng.h"

namespace querist::learners {

enum class Loss { softmax, sigmoid, squared };

struct Layer {
  Matrix weights;           // (outputs, inputs); by column: (inputs, outputs).
  std::vector<float> bias;  // One an output.
};

struct Network {
  std::vector<Layer> layers;
  bool by_column = false;  // The first layer reads sparse rows.

  size_t inputs() const { return by_column ? layers[0].weights.rows : layers[0].weights.cols; }
  size_t outputs() const { return layers.back().bias.size(); }
};

// Rows with what is wanted of them.
struct Batch {
  Matrix dense;
  Csr sparse;      // Instead of dense where the network is by column.
  Matrix targets;  // (rows, outputs): one-hot, 0 or 1 each, or numbers.
  std::vector<float> weights;

  size_t rows() const { return targets.rows; }
};

// What each layer gave; the last are the scores (logits or numbers).
struct Tape {
  std::vector<Matrix> outputs;
  std::vector<Matrix> slopes;  // Hidden layers: what each unit lets through.
};

// The same shapes as the network's layers. By column: only the rows `touched` of the first layer's
// weights hold something.
struct Gradient {
  std::vector<Layer> layers;
  std::vector<int32_t> touched;
  Matrix delta, before;  // Room to work in.
};

// Normal weights of variance 2 / inputs (He et al. 2015), the last layer's smaller; biases zero.
Network make_network(size_t inputs, size_t outputs, size_t hidden, size_t layers, bool by_column,
                     Rng& rng);
Gradient make_gradient(const Network& network);

// Each hidden unit is dropped with probability `dropout`, and the others scaled up.
void forward(const Network& network, const Batch& batch, double dropout, Rng& rng, Tape& tape);

// The weighted mean loss of the scores on the tape; focal: (1 - p)^focal times the cross-entropy.
// Leaves the loss's gradient by the scores in `delta`.
double loss_of(Loss loss, double focal, const Matrix& scores, const Batch& batch, Matrix& delta);

// Given the gradient by the scores in gradient.delta, writes that by the weights.
void backward(const Network& network, const Batch& batch, const Tape& tape, Gradient& gradient);

// Probabilities in place of scores, one row; numbers stay.
void to_answers(Loss loss, std::span<float> scores);

}  // namespace querist::learners
