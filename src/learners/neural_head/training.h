// Trains a network by Adam on shuffled mini-batches, and stops where held-out rows say so.
#pragma once

#include <optional>
#include <vector>

#include "base/progress.h"
#include "learners/neural_head/network.h"
#include "learners/neural_head/rows.h"
#include "learners/robustness/ball.h"

namespace querist::learners {

// What is wanted of each row.
struct Wanted {
  Loss loss = Loss::softmax;
  size_t outputs = 1;
  std::vector<int32_t> labels{};  // softmax: 0 … outputs-1.
  MatrixView label_matrix{};      // sigmoid.
  std::vector<float> numbers{};   // squared, normalised.
  std::vector<float> weights{};   // One a row.

  void fill(std::span<const int64_t> rows, Batch& batch) const;
};

struct NetworkSettings {
  size_t hidden = 128;
  size_t layers = 1;
  double dropout = 0.1;
  double focal = 0;
  double rate = 2e-3;
  double decay = 0.01;
  size_t batch_size = 0;  // 0: a sixteenth of the rows, 8 to 64.
  size_t max_epochs = 200;
  size_t patience = 10;
  std::optional<Ball> ball{};  // Adversarial training: every batch as bad as it can be in there.
};

// `held_out` decides when to stop, and the best weights before are returned; empty: the rate falls
// to zero over max_epochs along a cosine (Loshchilov and Hutter 2017). On the calling thread: the
// same network whatever the number of threads. Flops: 6 · rows · weights an epoch.
Network train_network(const Features& x, const InputForm& form, const Wanted& wanted,
                      std::vector<int64_t> rows, std::span<const int64_t> held_out,
                      const NetworkSettings& settings, uint64_t seed, const Progress& progress);

}  // namespace querist::learners
