// Soft targets by hand, a linear teacher that a linear student must find again, and forests.
#include "learners/distillation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "metrics/classification.h"

namespace querist::learners {

TEST(Distillation, SoftensByTheTemperatureAndMixesLabelsIn) {
  const Matrix p = [] {
    Matrix m(3, 3);
    m.values = {0.9f, 0.09f, 0.01f, 1, 0, 0, 0.5f, 0.5f, 0};
    return m;
  }();
  const SoftDataset soft = soften(p, std::vector<int32_t>{-1, -1, 2}, 2);
  // Square roots of 0.81 : 0.0081 : … by hand: .9487, .3, .1 over their sum.
  const double sum = std::sqrt(0.9) + 0.3 + 0.1;
  ASSERT_EQ(soft.rows, (std::vector<int64_t>{0, 0, 0, 1, 2, 2, 2}));
  EXPECT_EQ(soft.labels, (std::vector<int32_t>{0, 1, 2, 0, 2, 0, 1}));
  EXPECT_NEAR(soft.weights[0], std::sqrt(0.9) / sum, 1e-6);
  EXPECT_NEAR(soft.weights[1], 0.3 / sum, 1e-6);
  EXPECT_NEAR(soft.weights[2], 0.1 / sum, 1e-6);
  EXPECT_FLOAT_EQ(soft.weights[3], 1) << "a class without a chance is not taught";
  // Half the label: (0.25, 0.25, 0.5), their roots 0.5 : 0.5 : 0.7071.
  EXPECT_NEAR(soft.weights[4], std::sqrt(0.5) / (1 + std::sqrt(0.5)), 1e-6);
  EXPECT_NEAR(soft.weights[5], 0.5 / (1 + std::sqrt(0.5)), 1e-6);
}

TEST(Distillation, KeepsTheEightLikeliestClasses) {
  Matrix p(1, 20);
  for (size_t k = 0; k < 20; ++k) p.at(0, k) = static_cast<float>(k + 1) / 210;
  const SoftDataset soft = soften(p, std::vector<int32_t>{-1}, 1);
  ASSERT_EQ(soft.labels.size(), 8u);
  EXPECT_EQ(soft.labels[0], 19);
  EXPECT_EQ(soft.labels[7], 12);
  double total = 0;
  for (const float weight : soft.weights) total += weight;
  EXPECT_NEAR(total, 1, 1e-6);
  EXPECT_NEAR(soft.weights[0], 20.0 / (20 + 19 + 18 + 17 + 16 + 15 + 14 + 13), 1e-6);
}

namespace {

struct Cloud {
  Matrix x;
  std::vector<int32_t> labels;
};

}  // namespace

static Cloud cloud(size_t rows, size_t classes, uint64_t seed) {
  Cloud out{.x = Matrix(rows, 4), .labels = {}};
  Rng rng(seed);
  for (size_t i = 0; i < rows; ++i) {
    const auto label = static_cast<size_t>(rng.below(classes));
    for (size_t j = 0; j < 4; ++j)
      out.x.at(i, j) = static_cast<float>(rng.normal() + (j == label ? 1.5 : 0));
    out.labels.push_back(static_cast<int32_t>(label));
  }
  return out;
}

static std::unique_ptr<Model> train_named(std::string_view expression, const Cloud& on,
                                          size_t classes) {
  const auto [card, params] = parse_learner(expression);
  const Dataset data{.features = on.x, .labels = on.labels, .weights = {}, .classes = classes};
  return train(*card, data, params, nullptr, 3, Progress());
}

// A linear teacher's scores divided by T are those of a linear model: the student that is taught by
// enough rows, hardly penalised, and multiplied by T again is the teacher.
TEST(Distillation, FindsALinearTeacherAgainAtEveryTemperature) {
  for (const size_t classes : {size_t{2}, size_t{3}}) {
    const Cloud labelled = cloud(60, classes, 5);
    const Cloud pool = cloud(600, classes, 6);
    const auto teacher = train_named("logistic_regression(strength=1)", labelled, classes);
    const std::vector<int32_t> none(600, -1);
    Matrix theirs, ours;
    teacher->probabilities(pool.x, theirs);
    for (const double temperature : {1.0, 2.0, 4.0}) {
      const auto student =
          distil(*teacher, pool.x, none, parse_learner("logistic_regression(strength=1e6)"),
                 {.temperature = temperature}, 1, Progress());
      student->probabilities(pool.x, ours);
      for (size_t i = 0; i < ours.values.size(); ++i)
        // float32 rows and a solver that stops at 1e-7 of the loss; shares below 1e-3 are not
        // taught.
        ASSERT_NEAR(ours.values[i], theirs.values[i], 0.02) << "T = " << temperature;
    }
  }
}

TEST(Distillation, TeachesAForestToSmallHeads) {
  const Cloud labelled = cloud(150, 3, 7);
  const Cloud pool = cloud(1000, 3, 8);
  const Cloud test = cloud(500, 3, 9);
  const auto teacher = train_named("forest", labelled, 3);
  Matrix theirs, ours;
  teacher->probabilities(test.x, theirs);
  const double before = metrics::accuracy(test.labels, metrics::likeliest(theirs));
  for (const char* expression : {"neural_head(hidden=32)", "logistic_regression"}) {
    const auto student = distil(*teacher, pool.x, std::vector<int32_t>(1000, -1),
                                parse_learner(expression), {}, 1, Progress());
    student->probabilities(test.x, ours);
    // The classes are clouds around three centres, so either head can be as right as the forest.
    EXPECT_GT(metrics::accuracy(test.labels, metrics::likeliest(ours)), before - 0.02);
    EXPECT_LT(student->save().size(), teacher->save().size() / 10);
    Matrix again;
    parse_learner(expression).card->load(student->save())->probabilities(test.x, again);
    EXPECT_EQ(again.values, ours.values);
  }
}

TEST(Distillation, PrefersLabelledRowsWhereThereAreTooMany) {
  const Cloud pool = cloud(400, 2, 4);
  const auto teacher = train_named("logistic_regression(strength=1)", cloud(60, 2, 5), 2);
  std::vector<int32_t> labels(400, -1);
  // Labels that say the opposite of the teacher, on all rows that the lesson has room for.
  Matrix p;
  teacher->probabilities(pool.x, p);
  const auto said = metrics::likeliest(p);
  for (size_t i = 0; i < 50; ++i) labels[i] = 1 - said[i];
  const auto student = distil(*teacher, pool.x, labels, parse_learner("logistic_regression"),
                              {.temperature = 1, .most_rows = 50}, 1, Progress());
  Matrix ours;
  student->probabilities(pool.x, ours);
  size_t apart = 0;
  for (size_t i = 0; i < 400; ++i) apart += metrics::likeliest(ours)[i] != said[i];
  EXPECT_GT(apart, 200u)
      << "half of each target is the label, and the other half is less than sure";
}

TEST(Distillation, RefusesWhatCannotBeTaught) {
  EXPECT_THROW(check_student(parse_learner("forest")), Error);
  EXPECT_THROW(check_student(parse_learner("neural_head(focal=2)")), Error);
  EXPECT_THROW(check_student(parse_learner("neural_head(laplace=true)")), Error);
  EXPECT_NO_THROW(check_student(parse_learner("neural_head(hidden=16)")));
}

}  // namespace querist::learners
