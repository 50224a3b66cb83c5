// Spreading against plain sweeps over a dense matrix and against its limit, (1 - alpha) (I - alpha
// S)^-1 Y.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "pseudo_labelers/spreading/neighbor_graph.h"

namespace querist::pseudo_labelers {

using Dense = std::vector<std::vector<double>>;

// S by definition, from all pairs.
static Dense plain_graph(const Matrix& x, size_t k) {
  const size_t m = x.rows;
  k = std::min(k, m - 1);
  Dense squared(m, std::vector<double>(m)), w(m, std::vector<double>(m));
  const auto dot = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t j = 0; j < x.cols; ++j)
      sum += static_cast<double>(x.at(a, j)) * static_cast<double>(x.at(b, j));
    return sum;
  };
  for (size_t i = 0; i < m; ++i) {
    std::vector<std::pair<double, size_t>> order;
    for (size_t j = 0; j < m; ++j) {
      if (j != i) order.emplace_back(dot(i, i) + dot(j, j) - 2 * dot(i, j), j);
    }
    std::sort(order.begin(), order.end());
    for (size_t e = 0; e < k; ++e) {
      const size_t j = order[e].second;
      const double cosine = dot(i, j) / std::sqrt(dot(i, i) * dot(j, j));
      w[i][j] = w[j][i] = cosine > 0 ? std::pow(cosine, 3) : 0;
    }
  }
  Dense s = w;
  std::vector<double> sums(m, 0);
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < m; ++j) sums[i] += w[i][j];
  }
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < m; ++j)
      s[i][j] = w[i][j] > 0 ? w[i][j] / std::sqrt(sums[i] * sums[j]) : 0;
  }
  return s;
}

struct Spreading {
  Matrix x;
  std::vector<int64_t> rows;
  std::vector<int32_t> seeds;
  size_t classes, k;

  explicit Spreading(Rng& rng)
      : x(2 + rng.below(40), 2 + rng.below(6)), classes(2 + rng.below(4)), k(1 + rng.below(8)) {
    for (float& v : x.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < x.rows; ++i) {
      rows.push_back(static_cast<int64_t>(i));
      seeds.push_back(rng.below(3) ? -1 : static_cast<int32_t>(rng.below(classes)));
    }
  }
};

TEST(LabelSpreading, SweepsAsTheDefinitionSays) {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    const Spreading world(rng);
    const Dense s = plain_graph(world.x, world.k);
    const double alpha = 0.5 + 0.45 * rng.uniform();
    Dense f(world.rows.size(), std::vector<double>(world.classes, 0)), y = f;
    for (size_t i = 0; i < f.size(); ++i) {
      if (world.seeds[i] >= 0) y[i][static_cast<size_t>(world.seeds[i])] = 1;
    }
    f = y;
    for (int sweep = 0; sweep < 15; ++sweep) {
      Dense next = y;
      for (size_t i = 0; i < f.size(); ++i) {
        for (size_t c = 0; c < world.classes; ++c) {
          double sum = 0;
          for (size_t j = 0; j < f.size(); ++j) sum += s[i][j] * f[j][c];
          next[i][c] = alpha * sum + (1 - alpha) * y[i][c];
        }
      }
      f = next;
    }
    const Csr graph = spreading_graph(world.x, world.rows, world.k);
    const Matrix found = spread(graph, world.seeds, world.classes, alpha, 15);
    for (size_t i = 0; i < f.size(); ++i) {
      for (size_t c = 0; c < world.classes; ++c)
        EXPECT_NEAR(found.at(i, c), f[i][c], 2e-5) << "round " << round;  // float32 throughout.
    }
  }
}

TEST(LabelSpreading, EndsWhereTheEquationsAreSolved) {
  Rng rng(2);
  for (int round = 0; round < 50; ++round) {
    const Spreading world(rng);
    const Csr graph = spreading_graph(world.x, world.rows, world.k);
    const double alpha = 0.8;
    const Matrix f = spread(graph, world.seeds, world.classes, alpha, 200);
    const Matrix next = spread(graph, world.seeds, world.classes, alpha, 201);
    const Dense s = plain_graph(world.x, world.k);
    for (size_t i = 0; i < f.rows; ++i) {
      for (size_t c = 0; c < f.cols; ++c) {
        double residual = static_cast<double>(f.at(i, c));  // (I - alpha S) F = (1 - alpha) Y.
        for (size_t j = 0; j < f.rows; ++j)
          residual -= alpha * s[i][j] * static_cast<double>(f.at(j, c));
        const bool is_seed = world.seeds[i] == static_cast<int32_t>(c);
        EXPECT_NEAR(residual, is_seed ? 1 - alpha : 0, 1e-5);
        EXPECT_NEAR(f.at(i, c), next.at(i, c), 1e-6);
      }
    }
  }
}

TEST(LabelSpreading, GivesTheClassesTheMassOfThePrior) {
  Rng rng(3);
  for (int round = 0; round < 100; ++round) {
    Matrix f(5 + rng.below(30), 3);
    std::vector<int32_t> seeds(f.rows, -1);
    seeds[0] = 1;
    for (float& v : f.values) v = static_cast<float>(rng.uniform());
    for (float& v : f.row(1)) v = 0;
    const Matrix before = f;
    const std::vector<double> prior = {0.2, 0.5, 0.3};
    normalise_class_mass(f, seeds, prior);
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(f.at(1, c), prior[c], 1e-7) << "nothing reached it";
    std::vector<double> mass(3, 0);
    for (size_t i = 1; i < f.rows; ++i) {
      for (size_t c = 0; c < 3; ++c) mass[c] += static_cast<double>(before.at(i, c));
    }
    for (size_t i = 2; i < f.rows; ++i) {
      double sum = 0;
      for (size_t c = 0; c < 3; ++c)
        sum += static_cast<double>(before.at(i, c)) * prior[c] / mass[c];
      for (size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(f.at(i, c), static_cast<double>(before.at(i, c)) * prior[c] / mass[c] / sum,
                    1e-6);
      }
    }
  }
}

}  // namespace querist::pseudo_labelers
