// A trainer for tests: the softmax of negative squared distances to the classes' weighted means.
#pragma once

#include <cmath>

#include "data/trainer.h"

namespace querist::pseudo_labelers {

inline Predictor train_centroids(const Dataset& data) {
  Matrix means(data.classes, data.features.cols);
  std::vector<double> sums(data.classes, 0);
  const Matrix x = [&] {
    std::vector<int64_t> rows(data.features.rows);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
    return dense_rows(data.features, rows);
  }();
  for (size_t i = 0; i < x.rows; ++i) {
    const auto c = static_cast<size_t>(data.labels[i]);
    const float weight = data.weights.empty() ? 1 : data.weights[i];
    sums[c] += static_cast<double>(weight);
    for (size_t j = 0; j < x.cols; ++j) means.at(c, j) += weight * x.at(i, j);
  }
  for (size_t c = 0; c < means.rows; ++c) {
    for (float& v : means.row(c)) v = sums[c] > 0 ? static_cast<float>(v / sums[c]) : 0;
  }
  return [means, sums](const Features& features, Matrix& out) {
    std::vector<int64_t> rows(features.rows);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
    const Matrix x = dense_rows(features, rows);
    out = Matrix(x.rows, means.rows);
    for (size_t i = 0; i < x.rows; ++i) {
      double total = 0;
      for (size_t c = 0; c < means.rows; ++c) {
        double squared = 0;
        for (size_t j = 0; j < x.cols; ++j) {
          const double step = static_cast<double>(x.at(i, j)) - static_cast<double>(means.at(c, j));
          squared += step * step;
        }
        const double value = sums[c] > 0 ? std::exp(-squared) + 1e-9 : 1e-12;
        out.at(i, c) = static_cast<float>(value);
        total += value;
      }
      for (float& p : out.row(i)) p = static_cast<float>(static_cast<double>(p) / total);
    }
  };
}

}  // namespace querist::pseudo_labelers
