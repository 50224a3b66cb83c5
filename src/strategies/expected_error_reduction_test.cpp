// expected_error_reduction against scikit-activeml, and against classifiers that are fitted anew
// for every candidate and every label that it might have.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/file.h"
#include "base/json.h"
#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

// Rows with their labels, and the probabilities that a classifier trained on them gives to a row.
struct RefitSet {
  std::vector<std::vector<double>> rows;
  std::vector<size_t> labels;
};
using RefitProbabilities =
    std::function<std::vector<double>(const RefitSet&, const std::vector<double>&)>;

static std::vector<double> shares(std::vector<double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  for (double& v : values) v = sum > 0 ? v / sum : 1 / static_cast<double>(values.size());
  return values;
}

static std::vector<double> parzen_refit(const RefitSet& set, const std::vector<double>& row,
                                        size_t classes, double gamma) {
  std::vector<double> votes(classes, 0);
  for (size_t i = 0; i < set.rows.size(); ++i) {
    double square = 0;
    for (size_t j = 0; j < row.size(); ++j) square += std::pow(row[j] - set.rows[i][j], 2);
    votes[set.labels[i]] += std::exp(-gamma * square);
  }
  return shares(votes);
}

// Solves (XᵀX + λI) W = XᵀY by elimination, X with a column of ones.
static std::vector<double> ridge_refit(const RefitSet& set, std::vector<double> row, size_t classes,
                                       double lambda) {
  row.push_back(1);
  const size_t d = row.size();
  std::vector<std::vector<double>> a(d, std::vector<double>(d + classes, 0));
  for (size_t j = 0; j < d; ++j) a[j][j] = lambda;
  for (size_t i = 0; i < set.rows.size(); ++i) {
    std::vector<double> x = set.rows[i];
    x.push_back(1);
    for (size_t j = 0; j < d; ++j) {
      for (size_t k = 0; k < d; ++k) a[j][k] += x[j] * x[k];
      a[j][d + set.labels[i]] += x[j];
    }
  }
  for (size_t i = 0; i < d; ++i) {
    for (size_t r = 0; r < d; ++r) {
      const double factor = a[r][i] / a[i][i];
      if (r == i || factor == 0) continue;
      for (size_t k = 0; k < d + classes; ++k) a[r][k] -= factor * a[i][k];
    }
  }
  std::vector<double> scores(classes, 0);
  for (size_t c = 0; c < classes; ++c) {
    for (size_t j = 0; j < d; ++j) scores[c] += row[j] * a[j][d + c] / a[j][j];
    scores[c] = std::max(0.0, scores[c]);
  }
  return shares(scores);
}

// Solves (K + λI) W = Y - 1/C by elimination.
static std::vector<double> kernel_ridge_refit(const RefitSet& set, const std::vector<double>& row,
                                              size_t classes, double gamma, double lambda) {
  const auto kernel = [&](const std::vector<double>& a, const std::vector<double>& b) {
    double square = 0;
    for (size_t j = 0; j < a.size(); ++j) square += std::pow(a[j] - b[j], 2);
    return std::exp(-gamma * square);
  };
  const size_t n = set.rows.size();
  const double even = 1 / static_cast<double>(classes);
  std::vector<std::vector<double>> a(n, std::vector<double>(n + classes, -even));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) a[i][j] = kernel(set.rows[i], set.rows[j]);
    a[i][i] += lambda;
    a[i][n + set.labels[i]] += 1;
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t r = 0; r < n; ++r) {
      const double factor = a[r][i] / a[i][i];
      if (r == i || factor == 0) continue;
      for (size_t k = 0; k < n + classes; ++k) a[r][k] -= factor * a[i][k];
    }
  }
  std::vector<double> scores(classes, even);
  for (size_t c = 0; c < classes; ++c) {
    for (size_t i = 0; i < n; ++i) scores[c] += kernel(row, set.rows[i]) * a[i][n + c] / a[i][i];
    scores[c] = std::max(0.0, scores[c]);
  }
  return shares(scores);
}

// One by the variance of a row.
static double scaled_gamma(const std::vector<std::vector<double>>& rows) {
  const auto n = static_cast<double>(rows.size());
  double variance = 0;
  for (size_t j = 0; j < rows[0].size(); ++j) {
    double mean = 0;
    for (const auto& row : rows) mean += row[j] / n;
    for (const auto& row : rows) variance += std::pow(row[j] - mean, 2) / n;
  }
  return 1 / variance;
}

// scikit-learn's GaussianNB; a class without rows has no probability, and none at all are uniform.
static std::vector<double> naive_bayes_refit(const RefitSet& set, const std::vector<double>& row,
                                             size_t classes) {
  const auto moments = [&](size_t j, size_t c, double& count, double& mean) {
    count = mean = 0;
    double square = 0;
    for (size_t i = 0; i < set.rows.size(); ++i) {
      if (c != classes && set.labels[i] != c) continue;
      ++count;
      mean += set.rows[i][j];
    }
    if (count == 0) return 0.0;
    mean /= count;
    for (size_t i = 0; i < set.rows.size(); ++i) {
      if (c == classes || set.labels[i] == c) square += std::pow(set.rows[i][j] - mean, 2);
    }
    return square / count;
  };
  double count = 0, mean = 0, smoothing = 1e-30;
  for (size_t j = 0; j < row.size(); ++j)
    smoothing = std::max(smoothing, 1e-9 * moments(j, classes, count, mean));
  std::vector<double> logits(classes, -1e300);
  for (size_t c = 0; c < classes; ++c) {
    double sum = 0;
    for (size_t j = 0; j < row.size(); ++j) {
      const double variance = moments(j, c, count, mean) + smoothing;
      sum -= std::log(variance) / 2 + std::pow(row[j] - mean, 2) / (2 * variance);
    }
    if (count > 0) logits[c] = sum + std::log(count);
  }
  const double most = *std::max_element(logits.begin(), logits.end());
  for (double& logit : logits) logit = std::exp(logit - most);
  return shares(logits);
}

static double refit_loss(const std::vector<double>& p, bool log) {
  if (!log) return 1 - *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (const double v : p) sum -= v > 0 ? v * std::log(v) : 0;
  return sum;
}

struct RefitTask {
  std::vector<std::vector<double>> rows;
  RefitSet known;
  size_t classes;
  bool log;
  RefitProbabilities probabilities;

  double loss(const RefitSet& set) const {
    double sum = 0;
    for (const auto& row : rows) sum += refit_loss(probabilities(set, row), log);
    return sum;
  }
  double expected_loss(size_t candidate) const {
    const auto chances = probabilities(known, rows[candidate]);
    double sum = 0;
    for (size_t y = 0; y < classes; ++y) {
      RefitSet more = known;
      more.rows.push_back(rows[candidate]);
      more.labels.push_back(y);
      sum += chances[y] * loss(more);
    }
    return sum;
  }
};

static RefitTask refit_task(const RandomPool& world, bool log) {
  RefitTask task{{}, {}, world.classes, log, {}};
  for (size_t i = 0; i < world.size; ++i) {
    const auto row = world.embeddings.row(i);
    task.rows.emplace_back(row.begin(), row.end());
  }
  for (size_t i = 0; i < world.labeled.size(); ++i) {
    task.known.rows.push_back(task.rows[static_cast<size_t>(world.labeled[i])]);
    task.known.labels.push_back(static_cast<size_t>(world.labels[i]));
  }
  return task;
}

// Every candidate's utility is minus the loss of refits (less what it is now).
static void expect_refits(std::string_view learner, uint64_t seed, size_t trials,
                          double tolerance) {
  Rng rng(seed);
  size_t compared = 0;
  for (size_t trial = 0; trial < trials; ++trial) {
    RandomPool world(rng, false);
    Pool pool = world.pool();
    pool.costs = {};
    std::vector<uint16_t> half;
    if (trial % 3 == 0) {
      for (float& v : world.embeddings.values) {
        half.push_back(float_to_half(v));
        v = half_to_float(half.back());
      }
      pool.embeddings = Features::of_half(world.size, world.embeddings.cols, half.data());
    }
    RefitTask task = refit_task(world, trial % 2);
    Params params(expected_error_reduction().params);
    params.set("learner", std::string(learner));
    params.set("method", task.log ? "log_loss" : "misclassification_loss");
    const bool subtract = rng.below(2);
    params.set("subtract_current", subtract);
    const double strength = 0.05 + 3 * rng.uniform();
    if (learner == "parzen") {
      params.set("gamma", strength);
      task.probabilities = [&](const RefitSet& set, const std::vector<double>& row) {
        return parzen_refit(set, row, world.classes, strength);
      };
    } else if (learner == "kernel_ridge") {
      const double lambda = 0.05 + 3 * rng.uniform();
      params.set("regularization", lambda);
      if (trial % 4) params.set("gamma", strength);
      const double gamma = trial % 4 ? strength : scaled_gamma(task.rows);
      task.probabilities = [&, gamma, lambda](const RefitSet& set, const std::vector<double>& row) {
        return kernel_ridge_refit(set, row, world.classes, gamma, lambda);
      };
    } else if (learner == "naive_bayes") {
      task.probabilities = [&](const RefitSet& set, const std::vector<double>& row) {
        return naive_bayes_refit(set, row, world.classes);
      };
    } else {
      params.set("regularization", strength);
      task.probabilities = [&](const RefitSet& set, const std::vector<double>& row) {
        return ridge_refit(set, row, world.classes, strength);
      };
    }
    const double current = subtract ? task.loss(task.known) : 0;
    const auto found =
        select_batch(expected_error_reduction(), pool, pool.candidates.size(), params, 0);
    ASSERT_EQ(found.rows.size(), pool.candidates.size());
    for (size_t i = 0; i < found.rows.size(); ++i) {
      const double expected = current - task.expected_loss(static_cast<size_t>(found.rows[i]));
      ASSERT_NEAR(found.utilities[i], expected, tolerance) << learner << " trial " << trial;
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000u);
}

// Sums of at most 40 losses of order 1, in double.
TEST(ExpectedErrorReduction, ParzenIsWhatRefitsGive) { expect_refits("parzen", 61, 200, 1e-11); }

// The kernel with 0.05 on its diagonal or more loses two digits.
TEST(ExpectedErrorReduction, KernelRidgeIsWhatRefitsGive) {
  expect_refits("kernel_ridge", 66, 200, 1e-11);
}

// The normal equations lose up to four digits where the regularization is weak.
TEST(ExpectedErrorReduction, RidgeIsWhatRefitsGive) { expect_refits("ridge", 62, 200, 1e-9); }

// A class of one row has the smoothing alone for its variance: logits near 1e9, rounded to 1e-7,
// which matters only where two of them meet.
TEST(ExpectedErrorReduction, NaiveBayesIsWhatRefitsGive) {
  expect_refits("naive_bayes", 64, 200, 1e-8);
}

struct GoldenPool {
  Matrix x;
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;
  size_t classes;

  explicit GoldenPool(const Json& one)
      : x(one["rows"].get<size_t>(), one["cols"].get<size_t>()),
        classes(one["classes"].get<size_t>()) {
    x.values = one["x"].get<std::vector<float>>();
    const auto given = one["labels"].get<std::vector<int32_t>>();
    for (size_t i = 0; i < x.rows; ++i) {
      (given[i] < 0 ? candidates : labeled).push_back(static_cast<int64_t>(i));
      if (given[i] >= 0) labels.push_back(given[i]);
    }
  }
  Pool pool() const { return {x.rows, classes, candidates, labeled, labels, {}, x}; }
};

static void expect_golden(const char* learner, size_t cases) {
  const Json golden =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/error_reduction.json"));
  ASSERT_EQ(golden[learner].size(), cases);
  for (const Json& one : golden[learner]) {
    const GoldenPool world(one);
    for (const char* method : {"misclassification_loss", "log_loss"}) {
      Params params(expected_error_reduction().params);
      params.set("learner", learner);
      if (one.contains("gamma")) params.set("gamma", one["gamma"].get<double>());
      params.set("method", method);
      const auto found = select_batch(expected_error_reduction(), world.pool(),
                                      world.candidates.size(), params, 0);
      ASSERT_EQ(found.rows.size(), world.candidates.size());
      const auto expected = one[method].get<std::vector<double>>();
      for (size_t i = 0; i < found.rows.size(); ++i) {
        const auto at =
            std::lower_bound(world.candidates.begin(), world.candidates.end(), found.rows[i]);
        const double peer = expected[static_cast<size_t>(at - world.candidates.begin())];
        EXPECT_NEAR(found.utilities[i], peer, 1e-9 * std::abs(peer)) << method;
      }
    }
  }
}

TEST(ExpectedErrorReduction, ParzenAgreesWithScikitActiveml) { expect_golden("parzen", 3); }

TEST(ExpectedErrorReduction, NaiveBayesAgreesWithScikitLearn) { expect_golden("naive_bayes", 2); }

TEST(ExpectedErrorReduction, SamplesKeepTheScaleAndGiveAsManyAsAsked) {
  Rng rng(63);
  Matrix x(300, 3);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < 300; ++i) {
    (i % 15 ? candidates : labeled).push_back(i);
    if (i % 15 == 0) labels.push_back(static_cast<int32_t>(i % 2));
  }
  const Pool pool{300, 2, candidates, labeled, labels, {}, x};
  Params params(expected_error_reduction().params);
  const auto whole = select_batch(expected_error_reduction(), pool, 8, params, 4);
  params.set("max_candidates", 5);
  EXPECT_EQ(select_batch(expected_error_reduction(), pool, 8, params, 4).rows.size(), 8u);
  params.set("max_candidates", 0);
  params.set("max_targets", 150);
  const auto sampled = select_batch(expected_error_reduction(), pool, 8, params, 4);
  // Half of the rows estimate the sum over all of them: within three standard errors or so.
  EXPECT_NEAR(sampled.utilities[0], whole.utilities[0], 0.15 * std::abs(whole.utilities[0]));
  EXPECT_NE(sampled.utilities[0], whole.utilities[0]);
}

}  // namespace querist::strategies
