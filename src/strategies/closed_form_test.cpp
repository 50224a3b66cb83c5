// Strategies whose utility of a row has a closed form: each row's utility, and the order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

using Utility = std::function<double(int64_t)>;

// Every candidate is asked for: utilities agree row by row and never rise. Those of float32
// kernels are right to 1e-6, relative to numbers up to 10.
static void expect_utilities(const QueryStrategy& strategy, Pool pool, const Params& params,
                             const Utility& utility, double tolerance = 1e-12) {
  pool.costs = {};
  const auto found = select_batch(strategy, pool, pool.candidates.size(), params, 0);
  ASSERT_EQ(found.rows.size(), pool.candidates.size());
  for (size_t i = 0; i < found.rows.size(); ++i) {
    ASSERT_NEAR(found.utilities[i], utility(found.rows[i]), tolerance) << strategy.name;
    if (i == 0) continue;
    ASSERT_LE(found.utilities[i], found.utilities[i - 1]);
    if (found.utilities[i] == found.utilities[i - 1]) {
      ASSERT_GT(found.rows[i], found.rows[i - 1]);
    }
  }
}

TEST(Ratio, IsTheSecondOverTheFirst) {
  Rng rng(31);
  for (size_t trial = 0; trial < 300; ++trial) {
    const RandomPool world(rng, false);
    expect_utilities(
        ratio(), world.pool(), Params(),
        [&](int64_t row) {
          std::vector<double> p = {0};
          for (size_t c = 0; c < world.classes; ++c) p.push_back(world.p(row, c));
          std::sort(p.rbegin(), p.rend());
          return p[1] / p[0];
        },
        1e-6);
  }
}

TEST(ExpectedGradientLength, IsTheMeanLengthOfTheGradient) {
  Rng rng(32);
  for (size_t trial = 0; trial < 400; ++trial) {
    const RandomPool world(rng, false);
    std::vector<uint16_t> half;
    for (const float v : world.embeddings.values) half.push_back(float_to_half(v));
    Pool pool = world.pool();
    const bool is_half = trial % 3 == 0;
    const size_t cols = world.embeddings.cols;
    if (is_half) pool.embeddings = Features::of_half(world.size, cols, half.data());
    const bool normalize = trial % 2;
    Params params(expected_gradient_length().params);
    params.set("normalize", normalize);
    // Written out: the gradient of every class, entry by entry, for every label.
    const auto utility = [&](int64_t row) {
      std::vector<double> x;
      double norm = 0;
      for (size_t j = 0; j < cols; ++j) {
        const size_t at = static_cast<size_t>(row) * cols + j;
        x.push_back(
            static_cast<double>(is_half ? half_to_float(half[at]) : world.embeddings.values[at]));
        norm += x[j] * x[j];
      }
      if (normalize && norm > 0) {
        for (double& v : x) v /= std::sqrt(norm);
      }
      x.push_back(1);
      double expected = 0;
      for (size_t y = 0; y < world.classes; ++y) {
        double square = 0;
        for (size_t c = 0; c < world.classes; ++c) {
          for (const double v : x) square += std::pow((world.p(row, c) - (c == y ? 1 : 0)) * v, 2);
        }
        expected += world.p(row, y) * std::sqrt(square);
      }
      return expected;
    };
    // Squared norms are float32 sums where rows are not normalised.
    expect_utilities(expected_gradient_length(), pool, params, utility, normalize ? 1e-12 : 1e-5);
  }
}

TEST(MultilabelMargin, ReducesTheLabelsUncertainties) {
  Rng rng(33);
  for (size_t trial = 0; trial < 300; ++trial) {
    const RandomPool world(rng, true);
    const std::string reduction = trial % 3 == 0 ? "mean" : trial % 3 == 1 ? "min" : "max";
    Params params(multilabel_margin().params);
    if (trial % 3) params.set("reduction", reduction);  // The mean is the default.
    expect_utilities(multilabel_margin(), world.pool(), params, [&](int64_t row) {
      std::vector<double> u;
      double sum = 0;
      for (size_t l = 0; l < world.classes; ++l) {
        u.push_back(2 * std::min(world.p(row, l), 1 - world.p(row, l)));
        sum += u.back();
      }
      std::sort(u.begin(), u.end());
      return reduction == "min"   ? u.front()
             : reduction == "max" ? u.back()
                                  : sum / static_cast<double>(u.size());
    });
  }
}

// sum_l (1 - y_l f_l) / 2 with y = +1 for the k likeliest labels.
static double loss_reduction(const RandomPool& world, int64_t row, size_t k) {
  std::vector<double> p;
  for (size_t l = 0; l < world.classes; ++l) p.push_back(world.p(row, l));
  std::sort(p.rbegin(), p.rend());
  double sum = 0;
  for (size_t l = 0; l < p.size(); ++l) sum += (1 - (l < k ? 1 : -1) * (2 * p[l] - 1)) / 2;
  return sum;
}

TEST(Mmc, RoundsTheSumOfTheMarginalsWithoutLabels) {
  Rng rng(34);
  for (size_t trial = 0; trial < 300; ++trial) {
    RandomPool world(rng, true);
    world.labeled.clear();
    world.labels.clear();
    world.label_matrix = {};
    expect_utilities(mmc(), world.pool(), Params(), [&](int64_t row) {
      double sum = 0;
      for (size_t l = 0; l < world.classes; ++l) sum += world.p(row, l);
      return loss_reduction(world, row, static_cast<size_t>(std::lround(sum)));
    });
  }
}

TEST(Mmc, TakesTheOneNumberOfLabelsThatItHasSeen) {
  Rng rng(35);
  for (size_t trial = 0; trial < 300; ++trial) {
    RandomPool world(rng, true);
    if (world.labeled.empty()) continue;
    const size_t k = rng.below(world.classes + 1);
    for (size_t i = 0; i < world.label_matrix.rows; ++i) {
      for (size_t l = 0; l < world.classes; ++l) world.label_matrix.at(i, l) = l < k;
    }
    expect_utilities(mmc(), world.pool(), Params(),
                     [&](int64_t row) { return loss_reduction(world, row, k); });
  }
}

// Gradient descent without tricks, for as many steps as it takes, on sorted shares.
class PlainCardinality {
 public:
  explicit PlainCardinality(const RandomPool& world) : world_(world) {
    const size_t width = world.classes + 1;
    weights_.assign(width, std::vector<double>(width, 0));
    std::vector<size_t> counts;
    seen_.assign(width, false);
    for (size_t i = 0; i < world.labeled.size(); ++i) {
      const auto labels = world.label_matrix.row(i);
      counts.push_back(static_cast<size_t>(std::count(labels.begin(), labels.end(), 1.0f)));
      seen_[counts.back()] = true;
    }
    const double rate = 1 / (1 + static_cast<double>(counts.size()));
    for (size_t step = 0; step < 6000; ++step) {
      auto slope = weights_;
      for (auto& one : slope) one[world.classes] = 0;
      for (size_t i = 0; i < counts.size(); ++i) {
        const auto x = features(world.labeled[i]);
        const auto p = chances(x);
        for (size_t g = 0; g < width; ++g) {
          for (size_t j = 0; j < width; ++j) slope[g][j] += (p[g] - (counts[i] == g)) * x[j];
        }
      }
      for (size_t g = 0; g < width; ++g) {
        for (size_t j = 0; j < width; ++j) weights_[g][j] -= rate * slope[g][j];
      }
    }
  }
  std::vector<double> features(int64_t row) const {
    std::vector<double> x;
    double sum = 0;
    for (size_t l = 0; l < world_.classes; ++l) sum += world_.p(row, l);
    for (size_t l = 0; l < world_.classes; ++l) x.push_back(world_.p(row, l));
    std::sort(x.rbegin(), x.rend());
    for (double& v : x) v /= sum > 0 ? sum : 1;
    x.push_back(1);
    return x;
  }
  std::vector<double> chances(const std::vector<double>& x) const {
    std::vector<double> p;
    double sum = 0;
    for (size_t g = 0; g < weights_.size(); ++g) {
      double score = 0;
      for (size_t j = 0; j < x.size(); ++j) score += weights_[g][j] * x[j];
      p.push_back(seen_[g] ? std::exp(score) : 0);
      sum += p.back();
    }
    for (double& v : p) v /= sum;
    return p;
  }

 private:
  const RandomPool& world_;
  std::vector<std::vector<double>> weights_;
  std::vector<bool> seen_;
};

TEST(Mmc, PredictsTheNumberOfLabelsByRegression) {
  Rng rng(36);
  size_t compared = 0;
  for (size_t trial = 0; trial < 150; ++trial) {
    const RandomPool world(rng, true);
    if (world.labeled.size() < 4 || world.candidates.empty()) continue;
    const PlainCardinality plain(world);
    Pool pool = world.pool();
    pool.costs = {};
    const auto found = select_batch(mmc(), pool, world.candidates.size(), Params(), 0);
    for (size_t i = 0; i < found.rows.size(); ++i) {
      auto p = plain.chances(plain.features(found.rows[i]));
      const auto k = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
      std::sort(p.rbegin(), p.rend());
      if (p[0] - p[1] < 1e-4) continue;  // Too close for two solvers to agree on.
      ++compared;
      ASSERT_NEAR(found.utilities[i], loss_reduction(world, found.rows[i], k), 1e-12) << trial;
    }
  }
  EXPECT_GT(compared, 500u);
}

TEST(Committee, EachStrategyRanksByItsOwnMeasure) {
  // Four members, two classes. Row 0: all sure of one class; row 1: sure, split evenly; row 2: all
  // at one half; row 3: three against one, all lukewarm; row 4 as row 1.
  const std::vector<std::vector<float>> of_class_1 = {
      {0, 1, .5f, .4f, 1}, {0, 1, .5f, .4f, 1}, {0, 0, .5f, .4f, 0}, {0, 0, .5f, .6f, 0}};
  std::vector<float> values;
  for (const auto& member : of_class_1) {
    for (const float p : member) values.insert(values.end(), {1 - p, p});
  }
  const std::vector<int64_t> candidates = {0, 1, 2, 3, 4};
  Pool pool{5, 2, candidates};
  pool.member_probabilities = {4, 5, 2, values.data()};
  const auto order = [&](const QueryStrategy& strategy) {
    return select_batch(strategy, pool, 5, Params(), 0).rows;
  };
  EXPECT_EQ(order(vote_entropy()), (std::vector<int64_t>{1, 4, 3, 0, 2}));
  EXPECT_EQ(order(variation_ratio()), (std::vector<int64_t>{1, 4, 3, 0, 2}));
  EXPECT_EQ(order(consensus_entropy()), (std::vector<int64_t>{1, 2, 4, 3, 0}));
  EXPECT_EQ(order(bald()), (std::vector<int64_t>{1, 4, 3, 0, 2}));
}

}  // namespace querist::strategies
