// Neighbour lists, made symmetric, and sweeps over them.
#include "pseudo_labelers/spreading/neighbor_graph.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/neighbors.h"
#include "kernels/sparse_product.h"

namespace querist::pseudo_labelers {

// The longer of a row's lengths and this, so that a row of zeros has no cosine with any.
static constexpr double least_length = 1e-12;

static std::vector<double> lengths(const Features& geometry, std::span<const int64_t> rows) {
  const Matrix values = dense_rows(geometry, rows);
  std::vector<double> out;
  for (size_t i = 0; i < values.rows; ++i) {
    double squared = 0;
    for (const float v : values.row(i)) squared += static_cast<double>(v) * static_cast<double>(v);
    out.push_back(std::sqrt(squared));
  }
  return out;
}

// Edges of both directions, columns ascending, each pair once in either row.
static Csr symmetric(const kernels::NeighborLists& lists, std::span<const double> length) {
  const size_t m = length.size();
  std::vector<std::vector<std::pair<int32_t, float>>> edges(m);
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < lists.k; ++j) {
      const auto other = static_cast<size_t>(lists.indices[i * lists.k + j]);
      const auto squared = static_cast<double>(lists.squared[i * lists.k + j]);
      const double a = length[i], b = length[other];
      const double cosine = (a * a + b * b - squared) / std::max(2 * a * b, least_length);
      if (cosine <= 0) continue;
      const auto weight = static_cast<float>(std::pow(std::min(cosine, 1.0), 3));
      edges[i].emplace_back(static_cast<int32_t>(other), weight);
      edges[other].emplace_back(static_cast<int32_t>(i), weight);
    }
  }
  Csr graph;
  graph.cols = m;
  for (auto& row : edges) {
    std::sort(row.begin(), row.end());
    for (size_t e = 0; e < row.size(); ++e) {
      if (e + 1 < row.size() && row[e + 1].first == row[e].first) continue;
      graph.columns.push_back(row[e].first);
      graph.values.push_back(row[e].second);
    }
    graph.offsets.push_back(static_cast<int64_t>(graph.columns.size()));
  }
  return graph;
}

Csr spreading_graph(const Features& geometry, std::span<const int64_t> rows, size_t k) {
  Csr graph = symmetric(kernels::neighbor_lists(geometry, rows, k), lengths(geometry, rows));
  std::vector<double> root(rows.size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (auto at = graph.offsets[i]; at < graph.offsets[i + 1]; ++at)
      root[i] += static_cast<double>(graph.values[static_cast<size_t>(at)]);
    root[i] = std::sqrt(root[i]);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    for (auto at = graph.offsets[i]; at < graph.offsets[i + 1]; ++at) {
      const auto edge = static_cast<size_t>(at);
      const double both = root[i] * root[static_cast<size_t>(graph.columns[edge])];
      graph.values[edge] = static_cast<float>(static_cast<double>(graph.values[edge]) / both);
    }
  }
  return graph;
}

Matrix spread(const Csr& graph, std::span<const int32_t> seeds, size_t classes, double alpha,
              size_t sweeps) {
  Matrix f(seeds.size(), classes);
  const auto kept = static_cast<float>(1 - alpha);
  for (size_t i = 0; i < seeds.size(); ++i) {
    if (seeds[i] >= 0) f.at(i, static_cast<size_t>(seeds[i])) = 1;
  }
  for (size_t sweep = 0; sweep < sweeps; ++sweep) {
    check_interrupt();
    f = kernels::sparse_times_dense(graph, f);
    for (float& value : f.values) value *= static_cast<float>(alpha);
    for (size_t i = 0; i < seeds.size(); ++i) {
      if (seeds[i] >= 0) f.at(i, static_cast<size_t>(seeds[i])) += kept;
    }
  }
  return f;
}

void normalise_class_mass(Matrix& spread, std::span<const int32_t> seeds,
                          std::span<const double> prior) {
  std::vector<double> mass(spread.cols, 0);
  for (size_t i = 0; i < spread.rows; ++i) {
    if (seeds[i] >= 0) continue;
    for (size_t c = 0; c < spread.cols; ++c) mass[c] += static_cast<double>(spread.at(i, c));
  }
  for (size_t i = 0; i < spread.rows; ++i) {
    const auto row = spread.row(i);
    std::vector<double> scaled(row.size(), 0);
    double sum = 0;
    for (size_t c = 0; c < row.size(); ++c) {
      if (mass[c] > 0) scaled[c] = static_cast<double>(row[c]) * prior[c] / mass[c];
      sum += scaled[c];
    }
    for (size_t c = 0; c < row.size(); ++c)
      row[c] = static_cast<float>(sum > 0 ? scaled[c] / sum : prior[c]);
  }
}

}  // namespace querist::pseudo_labelers
