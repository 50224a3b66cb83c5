// quire against scikit-activeml, and against the paper's minimum over the labels that are not
// known, by explicit inverses of matrices over the whole pool.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "strategies/quire/kept_rows.h"
#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

using QuireMatrix = std::vector<std::vector<double>>;

// Gauss and Jordan; a positive definite matrix needs no pivots.
static QuireMatrix quire_inverse(QuireMatrix m) {
  const size_t n = m.size();
  QuireMatrix out(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i) out[i][i] = 1;
  for (size_t i = 0; i < n; ++i) {
    const double pivot = m[i][i];
    for (size_t j = 0; j < n; ++j) {
      m[i][j] /= pivot;
      out[i][j] /= pivot;
    }
    for (size_t r = 0; r < n; ++r) {
      const double factor = m[r][i];
      if (r == i) continue;
      for (size_t j = 0; j < n; ++j) {
        m[r][j] -= factor * m[i][j];
        out[r][j] -= factor * out[i][j];
      }
    }
  }
  return out;
}

static double quire_kernel(std::span<const float> a, std::span<const float> b, double gamma) {
  double square = 0;
  for (size_t j = 0; j < a.size(); ++j)
    square += std::pow(static_cast<double>(a[j]) - static_cast<double>(b[j]), 2);
  return std::exp(-gamma * square);
}

// min over real labels of the rows outside `fixed` of yᵀ A y, y given on `fixed`.
static double least_form(const QuireMatrix& a, const std::vector<size_t>& fixed,
                         const std::vector<double>& given) {
  const size_t n = a.size();
  std::vector<double> y(n, 0);
  std::vector<bool> is_fixed(n, false);
  for (size_t i = 0; i < fixed.size(); ++i) {
    y[fixed[i]] = given[i];
    is_fixed[fixed[i]] = true;
  }
  std::vector<size_t> free;
  for (size_t i = 0; i < n; ++i) {
    if (!is_fixed[i]) free.push_back(i);
  }
  QuireMatrix own(free.size(), std::vector<double>(free.size()));
  std::vector<double> pull(free.size(), 0);
  for (size_t i = 0; i < free.size(); ++i) {
    for (size_t j = 0; j < free.size(); ++j) own[i][j] = a[free[i]][free[j]];
    for (const size_t k : fixed) pull[i] += a[free[i]][k] * y[k];
  }
  const QuireMatrix inverse = quire_inverse(own);
  for (size_t i = 0; i < free.size(); ++i) {
    for (size_t j = 0; j < free.size(); ++j) y[free[i]] -= inverse[i][j] * pull[j];
  }
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) sum += y[i] * a[i][j] * y[j];
  }
  return sum;
}

TEST(Quire, IsTheWorstCaseOfLabelsByExplicitInverses) {
  Rng rng(51);
  size_t compared = 0;
  for (size_t trial = 0; trial < 250; ++trial) {
    const RandomPool world(rng, false);
    Pool pool = world.pool();
    pool.costs = {};
    std::vector<uint16_t> half;
    Matrix x = world.embeddings;
    if (trial % 3 == 0) {
      for (float& v : x.values) {
        half.push_back(float_to_half(v));
        v = half_to_float(half.back());
      }
      pool.embeddings = Features::of_half(x.rows, x.cols, half.data());
    }
    const double lmbda = 0.05 * std::pow(10, 2.5 * rng.uniform());
    const double gamma = rng.below(3) ? 2 * rng.uniform() : 0;
    const double width = gamma > 0 ? gamma : 1 / static_cast<double>(x.cols);
    Params params(quire().params);
    params.set("lmbda", lmbda);
    if (gamma > 0) params.set("gamma", gamma);
    QuireMatrix kernel(x.rows, std::vector<double>(x.rows));
    for (size_t i = 0; i < x.rows; ++i) {
      for (size_t j = 0; j < x.rows; ++j) {
        kernel[i][j] = quire_kernel(x.row(i), x.row(j), width) + (i == j ? lmbda : 0);
      }
    }
    const QuireMatrix a = quire_inverse(kernel);
    const auto found = select_batch(quire(), pool, pool.candidates.size(), params, 0);
    ASSERT_EQ(found.rows.size(), pool.candidates.size());
    for (size_t i = 0; i < found.rows.size(); ++i) {
      std::vector<size_t> fixed(pool.labeled.begin(), pool.labeled.end());
      fixed.push_back(static_cast<size_t>(found.rows[i]));
      double worst = 0;
      for (size_t c = 0; c < world.classes; ++c) {
        std::vector<double> y;
        for (const int32_t label : world.labels)
          y.push_back(static_cast<size_t>(label) == c ? 1 : -1);
        y.push_back(1);
        worst = std::max(worst, least_form(a, fixed, y));
      }
      // The inverse of a matrix of condition up to 1000 loses three of fifteen digits, twice.
      ASSERT_NEAR(found.utilities[i], -worst, 1e-9 * std::max(1.0, worst)) << trial;
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000u);
}

TEST(Quire, AgreesWithScikitActiveml) {
  const Json golden =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/error_reduction.json"));
  ASSERT_EQ(golden["quire"].size(), 3u);
  for (const Json& one : golden["quire"]) {
    Matrix x(one["rows"].get<size_t>(), one["cols"].get<size_t>());
    x.values = one["x"].get<std::vector<float>>();
    const auto given = one["labels"].get<std::vector<int32_t>>();
    std::vector<int64_t> candidates, labeled;
    std::vector<int32_t> labels;
    for (size_t i = 0; i < x.rows; ++i) {
      (given[i] < 0 ? candidates : labeled).push_back(static_cast<int64_t>(i));
      if (given[i] >= 0) labels.push_back(given[i]);
    }
    Pool pool{x.rows, one["classes"].get<size_t>(), candidates, labeled, labels, {}, x};
    Params params(quire().params);
    params.set("lmbda", one["lmbda"].get<double>());
    params.set("gamma", one["gamma"].get<double>());
    const auto found = select_batch(quire(), pool, candidates.size(), params, 0);
    ASSERT_EQ(found.rows.size(), candidates.size());
    const auto expected = one["utilities"].get<std::vector<double>>();
    for (size_t i = 0; i < candidates.size(); ++i) {
      const auto at = std::lower_bound(candidates.begin(), candidates.end(), found.rows[i]);
      const double peer = expected[static_cast<size_t>(at - candidates.begin())];
      EXPECT_NEAR(found.utilities[i], peer, 1e-9 * std::abs(peer));
    }
  }
}

// The conformance of what is kept: a label at a time, with equal rows, kernels so narrow that most
// rows tie but for rounding, a label taken back, other labels, widths and ridges.
TEST(Quire, PicksTheSameWithWhatItKeptFromEarlierCalls) {
  Rng rng(54);
  size_t quick = 0;
  for (size_t trial = 0; trial < 60; ++trial) {
    Matrix x(60, 1 + rng.below(6));
    for (float& v : x.values) v = static_cast<float>(trial % 3 ? rng.normal() : rng.below(2));
    std::vector<int32_t> classes(x.rows);
    for (int32_t& c : classes) c = static_cast<int32_t>(rng.below(3));
    std::vector<bool> known(x.rows, false);
    Params params(quire().params);
    params.set("gamma", trial % 2 ? 50.0 : 0.2);
    params.set("lmbda", std::pow(10, 2 * rng.uniform() - 1.5));
    std::any memory;
    for (size_t step = 0; step < 40; ++step) {
      std::vector<int64_t> candidates, labeled;
      std::vector<int32_t> labels;
      for (size_t i = 0; i < x.rows; ++i) {
        (known[i] ? labeled : candidates).push_back(static_cast<int64_t>(i));
        if (known[i]) labels.push_back(classes[i]);
      }
      Pool pool{x.rows, 3, candidates, labeled, labels, {}, x};
      const auto alone = select_batch(quire(), pool, 1, params, 0);
      pool.memory = &memory;
      const auto kept = select_batch(quire(), pool, 1, params, 0);
      ASSERT_EQ(kept.rows, alone.rows) << trial << ", " << step;
      // Two orders of one factor's rows: what rounding may change.
      ASSERT_NEAR(kept.utilities[0], alone.utilities[0], 1e-11 * std::abs(alone.utilities[0]));
      quick += kept.utilities != alone.utilities;
      known[static_cast<size_t>(kept.rows[0])] = true;
      if (step == 20) params.set("gamma", 0.7);
      if (step == 25) known[static_cast<size_t>(labeled[rng.below(labeled.size())])] = false;
      if (step == 30) classes[static_cast<size_t>(labeled[0])] = 2;
    }
  }
  EXPECT_GT(quick, 500u);  // Where last digits differ, the pick came from what was kept.
}

TEST(Quire, KeepsTheUtilitiesOfAFullScoring) {
  Rng rng(55);
  for (size_t trial = 0; trial < 400; ++trial) {
    const RandomPool world(rng, false);
    Pool pool = world.pool();
    pool.costs = {};
    const double lmbda = std::pow(10, 5 * rng.uniform() - 4);
    const double gamma = std::pow(10, 4 * rng.uniform() - 3);
    QuireMemory memory;
    Params params(quire().params);
    params.set("lmbda", lmbda);
    params.set("gamma", gamma);
    ASSERT_TRUE(memory.look_at(pool, lmbda, gamma));
    const auto kept = memory.utilities(pool.candidates);
    const auto full = select_batch(quire(), pool, pool.candidates.size(), params, 0);
    for (size_t i = 0; i < full.rows.size(); ++i) {
      const auto at =
          std::lower_bound(pool.candidates.begin(), pool.candidates.end(), full.rows[i]);
      const double own = kept[static_cast<size_t>(at - pool.candidates.begin())];
      const double rounding = memory.rounding() * std::abs(own);
      ASSERT_NEAR(full.utilities[i], own, 0.3 * rounding) << trial;  // Less than the picks allow.
    }
  }
}

TEST(Quire, RefusesMoreLabelledRowsThanItMayFactorise) {
  Matrix x(6, 2);
  const std::vector<int64_t> candidates = {4, 5};
  const std::vector<int64_t> labeled = {0, 1, 2, 3};
  const std::vector<int32_t> labels = {0, 1, 0, 1};
  const Pool pool{6, 2, candidates, labeled, labels, {}, x};
  Params params(quire().params);
  params.set("max_labeled", 3);
  EXPECT_THROW(select_batch(quire(), pool, 1, params, 0), Error);
  params.set("max_labeled", 4);
  // All rows are equal: the lower is asked for.
  EXPECT_EQ(select_batch(quire(), pool, 1, params, 0).rows, std::vector<int64_t>{4});
}

}  // namespace querist::strategies
