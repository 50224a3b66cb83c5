// Small random pools for oracle tests: coarse probabilities so that ties occur, some labels, costs
// in every second one.
#pragma once

#include <vector>

#include "strategies/strategy.h"

namespace querist::strategies {

struct RandomPool {
  size_t size, classes;
  Matrix probabilities, embeddings, label_matrix;
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;
  std::vector<float> costs;

  RandomPool(Rng& rng, bool multi_label)
      : size(1 + rng.below(40)),
        classes(1 + rng.below(5)),
        probabilities(size, classes),
        embeddings(size, 1 + rng.below(9)) {
    for (size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (float& p : probabilities.row(i)) {
        p = static_cast<float>(rng.below(9)) / 8;
        sum += static_cast<double>(p);
      }
      if (multi_label) continue;
      if (sum == 0) sum = probabilities.at(i, rng.below(classes)) = 1;
      for (float& p : probabilities.row(i)) p = static_cast<float>(static_cast<double>(p) / sum);
    }
    for (float& v : embeddings.values) v = rng.below(3) ? static_cast<float>(rng.normal()) : 0;
    const uint64_t labeled_share = rng.below(4);
    for (size_t i = 0; i < size; ++i) {
      const uint64_t draw = rng.below(6);
      if (draw < labeled_share) labeled.push_back(static_cast<int64_t>(i));
      if (draw >= labeled_share && draw < 5) candidates.push_back(static_cast<int64_t>(i));
    }
    for (size_t i = 0; i < labeled.size(); ++i)
      labels.push_back(static_cast<int32_t>(rng.below(classes)));
    label_matrix = Matrix(labeled.size(), classes);
    for (float& v : label_matrix.values) v = static_cast<float>(rng.below(2));
    if (rng.below(2)) {
      for (size_t i = 0; i < size; ++i) costs.push_back(static_cast<float>(1 + rng.below(4)));
    }
  }
  Pool pool() const {
    Pool pool{size, classes, candidates, labeled, labels, probabilities, embeddings};
    pool.label_matrix = label_matrix;
    pool.costs = costs;
    return pool;
  }
  double p(int64_t row, size_t c) const {
    return static_cast<double>(probabilities.at(static_cast<size_t>(row), c));
  }
  double cost(int64_t row) const {
    return costs.empty() ? 1 : static_cast<double>(costs[static_cast<size_t>(row)]);
  }
};

}  // namespace querist::strategies
