// The support vector machine against scikit-learn's SVC (libsvm) and against itself on other paths.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "learners/fit_for_tests.h"
#include "learners/rbf_svm/kernel_rows.h"
#include "learners/rbf_svm/svm_model.h"

namespace querist::learners {

// The numbers that the script behind the golden values makes too.
static std::vector<double> congruential(size_t count, uint32_t seed) {
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i) {
    seed = (seed * 1103515245U + 12345U) & 0x7fffffffU;
    out.push_back(static_cast<double>((seed >> 8) % 2001) / 1000 - 1);
  }
  return out;
}

struct Made {
  Matrix x;
  std::vector<int32_t> y;
  size_t classes;

  Made(size_t rows, size_t cols, size_t class_count, uint32_t seed)
      : x(rows, cols), classes(class_count) {
    const auto values = congruential(rows * cols, seed);
    for (size_t i = 0; i < values.size(); ++i) x.values[i] = static_cast<float>(values[i]);
    for (size_t i = 0; i < rows; ++i) {
      y.push_back(static_cast<int32_t>(i % classes));
      x.at(i, i % classes % cols) += 0.75F;
    }
  }
  Dataset data() const { return {.features = x, .labels = y, .classes = classes}; }
};

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& settings,
                                  const Model* warm = nullptr) {
  return fit_learner("rbf_svm", data, settings, 1, warm);
}

static std::vector<double> decisions(const Model& model, const Features& x) {
  return dynamic_cast<const SvmModel&>(model).decisions(x);
}

static int right(const Model& model, const Made& made) {
  Matrix out;
  model.probabilities(made.x, out);
  int count = 0;
  for (size_t i = 0; i < out.rows; ++i) {
    const auto row = out.row(i);
    count += std::max_element(row.begin(), row.end()) - row.begin() == made.y[i];
  }
  return count;
}

// A violation of t bounds the error of a decision value by some t times the condition of the free
// rows' kernel: a few 1e-6 at 1e-7, and float32 kernels cost as much.
static constexpr double near = 2e-5;

// scikit-learn 1.9.1, SVC(C, gamma, tol=1e-8, decision_function_shape="ovo") on the numbers above;
// signs as here, the higher class positive; the queries are Made(5, …, seed + 100). right: of the
// training rows by its predict.
struct Golden {
  size_t rows, cols, classes;
  uint32_t seed;
  Settings settings;
  std::string_view special;
  int right;
  std::vector<double> decisions;
};

static std::vector<Golden> golden() {
  return {
      {60,
       4,
       2,
       1,
       {{"gamma", 0.25}},
       "",
       52,
       {0.6093616, 1.3830517, 0.3021784, 1.4238591, -0.3725875}},
      {60, 4, 2, 1, {}, "", 52, {0.6093616, 1.3830517, 0.3021784, 1.4238591, -0.3725875}},
      {90,
       5,
       3,
       2,
       {{"C", 10}},
       "",
       67,
       {-1.4908591, 0.2308490, 1.7733099, 0.8332267, 0.8418865, 0.4618517, 1.4305841, 0.9853771,
        -1.5708242, -1.4833821, -1.0126872, 1.1171856, 1.0483648, 0.9234258, 0.0068128}},
      {60,
       4,
       2,
       3,
       {{"C", 0.5}, {"gamma_rule", "scale"}},
       "",
       52,
       {-1.0344638, 1.0984293, -0.9471581, 1.3359767, -1.4067439}},
      {80, 3, 4, 4, {}, "weights", 52, {-0.6335872, -0.1703272, -0.9474969, -0.0433745, -0.1707387,
                                        -0.2889633, -0.5811996, -1.2301773, -1.2712341, -1.1751842,
                                        -1.1294318, 0.5169726,  1.2562209,  1.7818990,  0.0314905,
                                        1.1604999,  -0.8552017, -1.7251605, -1.0192266, 1.0365742,
                                        0.5532748,  1.1677730,  0.8612100,  -0.7442483, -1.2827653,
                                        -1.1463690, 0.8458685,  -0.5589031, 1.0732642,  1.4744685}},
      {70,
       4,
       2,
       5,
       {{"class_weight", "balanced"}},
       "every fifth",
       49,
       {-0.9135049, 0.7687977, -0.7780306, 0.0774814, -0.1725474}},
  };
}

TEST(RbfSvm, DecidesAsLibsvmDoes) {
  for (const Golden& expected : golden()) {
    Made made(expected.rows, expected.cols, expected.classes, expected.seed);
    Dataset data = made.data();
    if (expected.special == "weights") {
      for (size_t i = 0; i < expected.rows; ++i)
        data.weights.push_back(static_cast<float>(1 + i % 3));
    } else if (expected.special == "every fifth") {
      for (size_t i = 0; i < expected.rows; ++i) made.y[i] = i % 5 == 0;
      data.labels = made.y;
    }
    Settings settings = expected.settings;
    settings.emplace_back("tolerance", 1e-7);
    settings.emplace_back("probabilities", "decision");
    const auto model = fit(data, settings);
    const Made queries(5, expected.cols, expected.classes, expected.seed + 100);
    const auto found = decisions(*model, queries.x);
    ASSERT_EQ(found.size(), expected.decisions.size());
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i], expected.decisions[i], near) << expected.seed << " " << i;
    EXPECT_EQ(right(*model, made), expected.right) << expected.seed;
  }
}

TEST(RbfSvm, StaysNearLibsvmAtItsOwnTolerance) {
  for (const Golden& expected : golden()) {
    if (!expected.special.empty()) continue;
    const Made made(expected.rows, expected.cols, expected.classes, expected.seed);
    Settings settings = expected.settings;
    settings.emplace_back("probabilities", "decision");
    const auto found = decisions(*fit(made.data(), settings),
                                 Made(5, expected.cols, expected.classes, expected.seed + 100).x);
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected.decisions[i], 1e-3);
  }
}

TEST(RbfSvm, CountsAWeightAsThatManyRows) {
  const Made made(40, 3, 2, 11);
  Dataset weighted = made.data();
  Made repeated = made;
  for (size_t i = 0; i < 40; ++i) {
    weighted.weights.push_back(static_cast<float>(1 + i % 2));
    if (i % 2 == 0) continue;
    const auto row = made.x.row(i);
    repeated.x.values.insert(repeated.x.values.end(), row.begin(), row.end());
    repeated.x.rows++;
    repeated.y.push_back(made.y[i]);
  }
  const Settings tight = {{"tolerance", 1e-7}, {"probabilities", "decision"}};
  const Made queries(30, 3, 2, 12);
  const auto a = decisions(*fit(weighted, tight), queries.x);
  const auto b = decisions(*fit(repeated.data(), tight), queries.x);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], near);
}

TEST(RbfSvm, FindsTheSameOptimumWhereFewKernelRowsFit) {
  // 700 rows of 2,800 bytes: one MB keeps 374 of them.
  const Made made(700, 3, 2, 13);
  const auto all = fit(made.data(), {{"cache_mb", 256}});
  const auto few = fit(made.data(), {{"cache_mb", 1}});
  EXPECT_EQ(all->save(), few->save());
}

TEST(RbfSvm, StartsFromTheRowsItKnows) {
  const Made made(300, 4, 3, 14);
  Made first = made;
  first.x.rows = 280;
  first.y.resize(280);
  const Settings tight = {{"tolerance", 1e-6}, {"probabilities", "decision"}};
  const auto earlier = fit(first.data(), tight);
  const Made queries(50, 4, 3, 15);
  const auto warm = decisions(*fit(made.data(), tight, earlier.get()), queries.x);
  const auto cold = decisions(*fit(made.data(), tight), queries.x);
  for (size_t i = 0; i < warm.size(); ++i) EXPECT_NEAR(warm[i], cold[i], 1e-4);
  // From its own optimum there is nothing left to do but to round once more.
  const auto& before = dynamic_cast<const SvmModel&>(*earlier).parts();
  const auto again = fit(first.data(), tight, earlier.get());
  const auto& after = dynamic_cast<const SvmModel&>(*again).parts();
  ASSERT_EQ(after.rows, before.rows);
  for (size_t i = 0; i < after.betas.size(); ++i)
    ASSERT_NEAR(after.betas[i], before.betas[i], 1e-12);
}

TEST(RbfSvm, SquashesDecisionsInTheirOrder) {
  const Made made(60, 4, 2, 16);
  const auto model = fit(made.data(), {{"probabilities", "decision"}});
  const auto decided = decisions(*model, made.x);
  Matrix out;
  model->probabilities(made.x, out);
  for (size_t i = 0; i < 60; ++i) EXPECT_NEAR(out.at(i, 1), 1 / (1 + std::exp(-decided[i])), 1e-6);
}

TEST(RbfSvm, GivesProbabilitiesThatAreTrueOfRowsItHasNotSeen) {
  // Two overlapping normal classes: among 4,000 new rows the mean probability of the positive class
  // must match its share, in all and where the model is unsure; standard errors are below 0.02, and
  // a sigmoid fitted on 300 labels is off by about as much.
  const auto draw = [](size_t rows, uint64_t seed) {
    Rng rng(seed);
    Made made(rows, 2, 2, 1);
    for (size_t i = 0; i < rows; ++i) {
      made.y[i] = rng.uniform() < 0.3;
      for (size_t j = 0; j < 2; ++j)
        made.x.at(i, j) = static_cast<float>(rng.normal() + (made.y[i] && j == 0 ? 1.5 : 0));
    }
    return made;
  };
  const Made train_set = draw(300, 1);
  const Made test = draw(4000, 2);
  Matrix out;
  fit(train_set.data(), {})->probabilities(test.x, out);
  double gap = 0, middle_gap = 0, middle = 0;
  for (size_t i = 0; i < 4000; ++i) {
    const double difference = double{out.at(i, 1)} - test.y[i];
    gap += difference / 4000;
    if (out.at(i, 1) < 0.3F || out.at(i, 1) > 0.7F) continue;
    middle_gap += difference;
    middle += 1;
  }
  EXPECT_LT(std::abs(gap), 0.05);
  EXPECT_GT(middle, 500);
  EXPECT_LT(std::abs(middle_gap / middle), 0.1);
}

// Held-out decisions of a few labels lean the wrong way: without its row a class is the rarer one.
// Probabilities may place the threshold elsewhere than the decision, but never turn the ranking
// round, and with so few labels name the class that the decision names.
TEST(RbfSvm, NeverTurnsTheClassesRound) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    for (const size_t rows : {2, 3, 4, 6, 10, 40}) {
      const Made made(rows, 3, 2, 500 + seed);
      const Made asked(30, 3, 2, 900 + seed);
      const auto model = fit(made.data(), {});
      const std::vector<double> decided = decisions(*model, asked.x);
      Matrix out;
      model->probabilities(asked.x, out);
      for (size_t i = 0; i < 30; ++i) {
        if (rows == 2) {
          EXPECT_EQ(out.at(i, 1) > 0.5F, decided[i] > 0);
        }
        for (size_t j = 0; j < 30; ++j) {
          if (decided[i] > decided[j]) {
            EXPECT_GE(out.at(i, 1), out.at(j, 1));
          }
        }
      }
    }
  }
}

TEST(Sigmoid, MinimisesItsLoss) {
  // SciPy's BFGS on the same loss and targets.
  const auto f = congruential(40, 7);
  const auto u = congruential(40, 8);
  std::vector<double> decided, weights(40, 1);
  std::vector<char> positive;
  for (size_t i = 0; i < 40; ++i) {
    decided.push_back(2 * f[i]);
    positive.push_back(2 * f[i] + 1.5 * u[i] > 0.3);
  }
  const Sigmoid found = fit_sigmoid(decided, positive, weights);
  EXPECT_NEAR(found.slope, -1.5706786, 1e-5);
  EXPECT_NEAR(found.offset, 0.2195796, 1e-5);
}

TEST(Couple, FindsTheProbabilitiesBehindConsistentPairs) {
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    const size_t classes = 2 + rng.below(8);
    std::vector<double> truth(classes), pairwise(classes * classes), out(classes);
    double total = 0;
    for (double& p : truth) total += p = 0.05 + rng.uniform();
    for (double& p : truth) p /= total;
    for (size_t a = 0; a < classes; ++a) {
      for (size_t b = 0; b < classes; ++b) {
        if (a != b) pairwise[a * classes + b] = truth[a] / (truth[a] + truth[b]);
      }
    }
    couple(pairwise, classes, out);
    // It stops at conditions violated by 1e-7 / classes.
    for (size_t a = 0; a < classes; ++a) EXPECT_NEAR(out[a], truth[a], 1e-5);
  }
}

TEST(KernelRows, AreTheSameAllAtOnceOrOneByOne) {
  for (const size_t n : {1, 2, 15, 16, 17, 50}) {
    const Made made(n, 5, 2, 18);
    std::vector<int64_t> all(n);
    std::iota(all.begin(), all.end(), 0);
    KernelRows at_once(made.x, all, 0.7, size_t{1} << 20);
    KernelRows one_by_one(made.x, all, 0.7, 0);
    for (size_t i = 0; i < n; ++i) {
      const std::vector<float> expected(one_by_one.row(i), one_by_one.row(i) + n);
      EXPECT_EQ(std::vector<float>(at_once.row(i), at_once.row(i) + n), expected) << n;
    }
  }
}

TEST(KernelRows, AreTheKernelWhateverTheKindOfFeatures) {
  const Made made(50, 6, 2, 17);
  Csr sparse;
  sparse.cols = 6;
  std::vector<uint16_t> half;
  Made rounded = made;
  for (size_t i = 0; i < 50; ++i) {
    for (size_t j = 0; j < 6; ++j) {
      half.push_back(float_to_half(made.x.at(i, j)));
      rounded.x.at(i, j) = half_to_float(half.back());
      sparse.columns.push_back(static_cast<int32_t>(j));
      sparse.values.push_back(rounded.x.at(i, j));
    }
    sparse.offsets.push_back(static_cast<int64_t>(sparse.columns.size()));
  }
  const std::vector<int64_t> chosen = {3, 4, 8, 20, 49};
  const Features kinds[] = {rounded.x, Features::of_half(50, 6, half.data()), sparse};
  for (const Features& x : kinds) {
    for (const size_t budget : {size_t{0}, size_t{1} << 20}) {
      KernelRows rows(x, chosen, 0.3, budget);
      for (const size_t i : {0, 1, 2, 3, 4, 0, 4, 2}) {
        const float* row = rows.row(i);
        for (size_t j = 0; j < 5; ++j) {
          double squares = 0;
          for (size_t c = 0; c < 6; ++c) {
            const double gap = double{rounded.x.at(static_cast<size_t>(chosen[i]), c)} -
                               double{rounded.x.at(static_cast<size_t>(chosen[j]), c)};
            squares += gap * gap;
          }
          EXPECT_NEAR(row[j], std::exp(-0.3 * squares), 1e-7);  // float32.
        }
        EXPECT_EQ(row[i], 1);
      }
    }
  }
}

}  // namespace querist::learners
