// Sparse first layers move only the weights whose columns a batch names, moments included.
#include "learners/neural_head/training.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/interrupt.h"
#include "kernels/adam.h"
#include "learners/neural_head/adversary.h"

namespace querist::learners {

static constexpr size_t check_rows = 256;  // Held-out rows at a time.

void Wanted::fill(std::span<const int64_t> rows, Batch& batch) const {
  batch.targets.rows = rows.size();
  batch.targets.cols = outputs;
  batch.targets.values.assign(rows.size() * outputs, 0);
  batch.weights.clear();
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    const auto out = batch.targets.row(i);
    if (loss == Loss::softmax) out[static_cast<size_t>(labels[row])] = 1;
    if (loss == Loss::sigmoid) std::ranges::copy(label_matrix.row(row), out.begin());
    if (loss == Loss::squared) out[0] = numbers[row];
    batch.weights.push_back(weights[row]);
  }
}

static void update(const kernels::AdamStep& step, Network& network, const Gradient& gradient,
                   Gradient& moments, Gradient& squares) {
  kernels::AdamStep without_decay = step;  // Biases keep what they are.
  without_decay.decay = 0;
  for (size_t l = 0; l < network.layers.size(); ++l) {
    Layer& layer = network.layers[l];
    const Layer& g = gradient.layers[l];
    Layer& m = moments.layers[l];
    Layer& v = squares.layers[l];
    kernels::adam_step(without_decay, g.bias, layer.bias, m.bias, v.bias);
    if (l == 0 && network.by_column) {
      for (const int32_t column : gradient.touched) {
        const auto at = static_cast<size_t>(column);
        kernels::adam_step(step, g.weights.row(at), layer.weights.row(at), m.weights.row(at),
                           v.weights.row(at));
      }
    } else {
      kernels::adam_step(step, g.weights.values, layer.weights.values, m.weights.values,
                         v.weights.values);
    }
  }
}

namespace {

struct Trainer {
  const Features& x;
  const InputForm& form;
  const Wanted& wanted;
  const NetworkSettings& settings;
  Network network{};
  Gradient gradient{}, moments{}, squares{};
  Batch batch{};
  Tape tape{};
  double mean_weight = 1;  // Of the rows to train on.
  double time = 0;

  void read(std::span<const int64_t> rows) {
    read_rows(x, rows, form, batch);
    wanted.fill(rows, batch);
    if (!settings.ball) return;
    worsen(
        network, form, *settings.ball,
        [&](const Matrix& scores, Matrix& by_scores) {
          loss_of(wanted.loss, settings.focal, scores, batch, by_scores);
        },
        batch);
  }
  // A batch of rows that hardly count moves hardly anything, though its loss is a mean of its own.
  void weigh_batch() {
    double total = 0;
    for (const float weight : batch.weights) total += static_cast<double>(weight);
    const double share = total / (mean_weight * static_cast<double>(batch.weights.size()));
    if (share == 1) return;
    for (float& value : gradient.delta.values) value *= static_cast<float>(share);
  }
  void step(std::span<const int64_t> rows, double rate, Rng& rng) {
    read(rows);
    forward(network, batch, settings.dropout, rng, tape);
    loss_of(wanted.loss, settings.focal, tape.outputs.back(), batch, gradient.delta);
    weigh_batch();
    backward(network, batch, tape, gradient);
    ++time;
    const kernels::AdamStep step{.rate = static_cast<float>(rate),
                                 .decay = static_cast<float>(settings.decay),
                                 .first = static_cast<float>(1 - std::pow(0.9, time)),
                                 .second = static_cast<float>(1 - std::pow(0.999, time))};
    update(step, network, gradient, moments, squares);
  }
  double loss_on(std::span<const int64_t> rows, Rng& rng) {
    double sum = 0, total = 0;
    for (size_t begin = 0; begin < rows.size(); begin += check_rows) {
      read(rows.subspan(begin, std::min(check_rows, rows.size() - begin)));
      forward(network, batch, 0, rng, tape);
      double weight = 0;
      for (const float one : batch.weights) weight += static_cast<double>(one);
      sum +=
          weight * loss_of(wanted.loss, settings.focal, tape.outputs.back(), batch, gradient.delta);
      total += weight;
      check_interrupt();
    }
    return sum / total;
  }
};

}  // namespace

Network train_network(const Features& x, const InputForm& form, const Wanted& wanted,
                      std::vector<int64_t> rows, std::span<const int64_t> held_out,
                      const NetworkSettings& settings, uint64_t seed, const Progress& progress) {
  Rng rng(seed);
  Trainer trainer{.x = x, .form = form, .wanted = wanted, .settings = settings};
  trainer.network = make_network(form.inputs(), wanted.outputs, settings.hidden, settings.layers,
                                 form.by_column, rng);
  trainer.gradient = trainer.moments = trainer.squares = make_gradient(trainer.network);
  double weight = 0;
  for (const int64_t row : rows) {
    weight += static_cast<double>(wanted.weights[static_cast<size_t>(row)]);
  }
  trainer.mean_weight = weight / static_cast<double>(rows.size());
  const size_t size =
      settings.batch_size ? settings.batch_size : std::clamp<size_t>(rows.size() / 16, 8, 64);
  Network best = trainer.network;
  double least = held_out.empty() ? 0 : trainer.loss_on(held_out, rng);
  size_t best_epoch = 0;
  const auto epochs = static_cast<double>(settings.max_epochs);
  const double steps = std::ceil(static_cast<double>(rows.size()) / static_cast<double>(size));
  for (size_t epoch = 1; epoch <= settings.max_epochs; ++epoch) {
    rng.shuffle(rows);
    for (size_t begin = 0; begin < rows.size(); begin += size) {
      const double done = trainer.time / (steps * epochs);
      const double share = held_out.empty() ? 0.5 * (1 + std::cos(std::numbers::pi * done)) : 1;
      const std::span<const int64_t> all = rows;
      trainer.step(all.subspan(begin, std::min(size, rows.size() - begin)), settings.rate * share,
                   rng);
      progress.check();
      check_interrupt();
    }
    progress.at(static_cast<double>(epoch), epochs, "epochs");
    if (held_out.empty()) continue;
    const double loss = trainer.loss_on(held_out, rng);
    if (loss < least) {
      least = loss;
      best = trainer.network;
      best_epoch = epoch;
    }
    if (epoch - best_epoch >= settings.patience) break;
  }
  if (held_out.empty()) best = std::move(trainer.network);
  for (const Layer& layer : best.layers) {
    const auto is_finite = [](float value) { return std::isfinite(value); };
    if (!std::ranges::all_of(layer.weights.values, is_finite) ||
        !std::ranges::all_of(layer.bias, is_finite)) {
      refuse("training ran away to infinity: set a lower learning_rate");
    }
  }
  return best;
}

}  // namespace querist::learners
