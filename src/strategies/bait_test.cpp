// bait against traces of inverses that are computed anew for every candidate.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "strategies/strategy.h"

namespace querist::strategies {

using Square = std::vector<std::vector<double>>;

static Square inverse(Square m) {
  const size_t n = m.size();
  Square out(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i) out[i][i] = 1;
  for (size_t i = 0; i < n; ++i) {  // Gauss and Jordan; a positive definite matrix needs no pivots.
    const double pivot = m[i][i];
    for (size_t j = 0; j < n; ++j) {
      m[i][j] /= pivot;
      out[i][j] /= pivot;
    }
    for (size_t r = 0; r < n; ++r) {
      const double factor = m[r][i];
      if (r == i || factor == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        m[r][j] -= factor * m[i][j];
        out[r][j] -= factor * out[i][j];
      }
    }
  }
  return out;
}

struct DesignPool {
  Matrix probabilities, embeddings;
  std::vector<int64_t> candidates, labeled;
  std::vector<float> costs;
  Pool pool;
  double regularization;

  DesignPool(size_t size, size_t cols, size_t classes, size_t label_count, Rng& rng)
      : probabilities(size, std::max<size_t>(classes, 1)),
        embeddings(size, cols),
        regularization(0.1 + rng.uniform()) {
    for (float& v : embeddings.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (float& p : probabilities.row(i)) sum += p = static_cast<float>(0.05 + rng.uniform());
      for (float& p : probabilities.row(i)) p = static_cast<float>(p / sum);
      (i < label_count ? labeled : candidates).push_back(static_cast<int64_t>(i));
    }
    pool = {size, std::max<size_t>(classes, 1), candidates, labeled, {}, {}, embeddings};
    if (classes) pool.probabilities = probabilities;
  }
  double cost(int64_t row) const {
    return costs.empty() ? 1 : static_cast<double>(costs[static_cast<size_t>(row)]);
  }
  double weight(size_t row, size_t block) const {
    if (pool.probabilities.rows == 0 || pool.classes == 1) return 1;
    const double p = static_cast<double>(probabilities.at(row, block));
    return p * (1 - p);
  }
  void add(Square& m, size_t row, double factor) const {
    std::vector<double> z(embeddings.row(row).begin(), embeddings.row(row).end());
    z.push_back(1);
    for (size_t i = 0; i < z.size(); ++i)
      for (size_t j = 0; j < z.size(); ++j) m[i][j] += factor * z[i] * z[j];
  }
  // The sum over blocks of trace(M⁻¹F) with the labelled and the picked rows known.
  double objective(const std::vector<int64_t>& picked) const {
    const size_t width = embeddings.cols + 1;
    const size_t blocks = pool.probabilities.rows && pool.classes > 2 ? pool.classes : 1;
    double total = 0;
    for (size_t b = 0; b < blocks; ++b) {
      Square known(width, std::vector<double>(width, 0));
      Square whole = known;
      for (size_t i = 0; i < width; ++i) known[i][i] = regularization;
      for (size_t row = 0; row < pool.size; ++row)
        add(whole, row, weight(row, b) / static_cast<double>(pool.size));
      for (const auto* rows : {&labeled, &picked})
        for (const int64_t row : *rows)
          add(known, static_cast<size_t>(row), weight(static_cast<size_t>(row), b));
      const Square inverted = inverse(known);
      for (size_t i = 0; i < width; ++i)
        for (size_t j = 0; j < width; ++j) total += inverted[i][j] * whole[j][i];
    }
    return total;
  }
};

struct DensePicks {
  std::vector<int64_t> rows;
  std::vector<double> gains;
};

static DensePicks by_dense_inverses(const DesignPool& world, size_t batch, size_t ahead) {
  DensePicks out;
  while (out.rows.size() < std::min(ahead, world.candidates.size())) {
    const double before = world.objective(out.rows);
    double most = -1, gain = 0;
    int64_t best = -1;
    for (const int64_t row : world.candidates) {
      if (std::find(out.rows.begin(), out.rows.end(), row) != out.rows.end()) continue;
      auto with = out.rows;
      with.push_back(row);
      const double less = before - world.objective(with);
      if (less / world.cost(row) <= most) continue;
      most = less / world.cost(row);
      gain = less;
      best = row;
    }
    out.rows.push_back(best);
    out.gains.push_back(gain);
  }
  while (out.rows.size() > batch) {
    size_t least = 0;
    double worth = 1e300;
    for (size_t j = 0; j < out.rows.size(); ++j) {
      auto without = out.rows;
      without.erase(without.begin() + static_cast<long>(j));
      const double missed = world.objective(without) / world.cost(out.rows[j]) -
                            world.objective(out.rows) / world.cost(out.rows[j]);
      if (missed > worth) continue;
      worth = missed;
      least = j;
    }
    out.rows.erase(out.rows.begin() + static_cast<long>(least));
    out.gains.erase(out.gains.begin() + static_cast<long>(least));
  }
  return out;
}

static void expect_as_dense(const DesignPool& world, size_t batch, size_t oversample) {
  Params params(bait().params);
  params.set("regularization", world.regularization);
  params.set("oversample", static_cast<double>(oversample));
  const auto found = select_batch(bait(), world.pool, batch, params, 0);
  const auto expected = by_dense_inverses(world, batch, batch * oversample);
  EXPECT_EQ(found.rows, expected.rows);
  ASSERT_EQ(found.utilities.size(), expected.gains.size());
  // The weights p(1 - p) are float32: 1e-7 of the gain, and as much of the objective's change.
  for (size_t i = 0; i < expected.gains.size(); ++i)
    EXPECT_NEAR(found.utilities[i], expected.gains[i], 1e-5 * (expected.gains[i] + 1e-3));
}

TEST(Bait, PicksAndGivesBackAsDenseInversesDo) {
  Rng rng(1);
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    DesignPool world(8 + rng.below(12), 1 + rng.below(5), rng.below(5), rng.below(5), rng);
    if (trial % 3 == 0) {
      for (size_t i = 0; i < world.pool.size; ++i)
        world.costs.push_back(static_cast<float>(0.5 + rng.uniform()));
      world.pool.costs = world.costs;
    }
    expect_as_dense(world, 1 + rng.below(4), 1 + rng.below(3));
  }
}

TEST(Bait, ReadsHalfRowsAsTheFloatsThatTheyAre) {
  Rng rng(2);
  DesignPool world(300, 9, 3, 10, rng);
  std::vector<uint16_t> half;
  for (float& v : world.embeddings.values) {
    half.push_back(float_to_half(v));
    v = half_to_float(half.back());
  }
  const auto dense = select_batch(bait(), world.pool, 12, Params(bait().params), 0);
  world.pool.embeddings = Features::of_half(300, 9, half.data());
  const auto narrow = select_batch(bait(), world.pool, 12, Params(bait().params), 0);
  EXPECT_EQ(dense.rows, narrow.rows);
  EXPECT_EQ(dense.utilities, narrow.utilities);
}

// Rows in a plane of a wider space: two components lose nothing, and the objective is the same in
// any orthonormal axes around the mean, up to the ridge on the intercept, which a centred plane
// leaves alone.
TEST(Bait, PicksTheSameAlongThePrincipalComponents) {
  Rng rng(3);
  DesignPool flat(200, 2, 2, 0, rng);
  double mean[2] = {0, 0};
  for (size_t i = 0; i < 200; ++i)
    for (size_t j = 0; j < 2; ++j) mean[j] += flat.embeddings.at(i, j) / 200;
  Matrix wide(200, 6);
  for (size_t i = 0; i < 200; ++i) {
    for (size_t j = 0; j < 2; ++j) flat.embeddings.at(i, j) -= static_cast<float>(mean[j]);
    wide.at(i, 1) = 0.6f * flat.embeddings.at(i, 0);
    wide.at(i, 4) = 0.8f * flat.embeddings.at(i, 0);
    wide.at(i, 2) = flat.embeddings.at(i, 1);
  }
  Params params(bait().params);
  const auto narrow = select_batch(bait(), flat.pool, 5, params, 0);
  params.set("max_dimensions", 2);
  flat.pool.embeddings = wide;
  const auto reduced = select_batch(bait(), flat.pool, 5, params, 0);
  EXPECT_EQ(narrow.rows, reduced.rows);
}

}  // namespace querist::strategies
