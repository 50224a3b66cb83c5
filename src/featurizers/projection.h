// Principal components as a transform: centre, turn onto the axes, one row at a time in a fixed
// order of summation.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/matrix.h"
#include "featurizers/stored.h"
#include "kernels/sparse_product.h"
#include "kernels/svd.h"

namespace querist::featurizers {

struct Projection {
  std::vector<float> mean;  // One a column read.
  Matrix axes;              // (columns read, dimensions), at least one dimension.
  float scale = 1;          // Brings the mean variance of the scores to 1.
};

// Without any spread in the rows there is one dimension, which is always 0.
inline Projection fit_projection(const Matrix& rows, size_t dimensions, uint64_t seed) {
  kernels::Pca pca = kernels::principal_components(rows, dimensions, seed);
  const size_t kept = pca.spread.size();
  Projection out{std::move(pca.mean), Matrix(rows.cols, std::max<size_t>(1, kept))};
  double variance = 0;
  for (size_t axis = 0; axis < kept; ++axis) {
    variance += double{pca.spread[axis]} * pca.spread[axis];
    for (size_t column = 0; column < rows.cols; ++column)
      out.axes.at(column, axis) = pca.axes.at(axis, column);
  }
  if (variance > 0) out.scale = static_cast<float>(std::sqrt(static_cast<double>(kept) / variance));
  return out;
}

inline void project(const Projection& projection, std::span<const float> row,
                    std::span<float> scores) {
  std::fill(scores.begin(), scores.end(), 0.0f);
  for (size_t j = 0; j < row.size(); ++j) {
    kernels::add_scaled((row[j] - projection.mean[j]) * projection.scale, projection.axes.row(j),
                        scores);
  }
}

// Writes the unit vector along `scores`; a row in the very middle gets the last axis, so that every
// row is a unit row.
inline void to_unit(std::span<const float> scores, std::span<float> unit) {
  double sum = 0;
  for (const float value : scores) sum += double{value} * value;
  const double length = std::sqrt(sum);
  for (size_t j = 0; j < scores.size(); ++j)
    unit[j] = length > 1e-6 ? static_cast<float>(scores[j] / length) : 0;
  if (!(length > 1e-6)) unit.back() = 1;
}

inline void write_projection(const Projection& projection, ByteWriter& writer) {
  writer.put(projection.mean);
  writer.put(projection.axes.values);
  writer.put(projection.scale);
}

inline Projection read_projection(ByteReader& reader) {
  Projection out;
  out.mean = reader.vector<float>();
  const std::vector<float> axes = reader.vector<float>();
  out.scale = reader.number<float>();
  const size_t rows = out.mean.size();
  require_sound(rows > 0 && !axes.empty() && axes.size() % rows == 0 && axes.size() / rows <= 4096);
  require_sound(std::isfinite(out.scale) && std::abs(out.scale) < 1e12f);
  for (const float value : out.mean) require_sound(std::abs(value) < 1e6f);
  for (const float value : axes)
    require_sound(std::abs(value) < 2);  // Entries of unit vectors; NaN fails too.
  out.axes.rows = rows;
  out.axes.cols = axes.size() / rows;
  out.axes.values = axes;
  return out;
}

}  // namespace querist::featurizers
