// Boosted trees: our walk of them against the library's own, boosting that goes on, and errors.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/fast_hash.h"
#include "learners/fit_for_tests.h"
#include "learners/gbdt/gbdt_model.h"
#include "learners/gbdt/xgboost.h"

namespace querist::learners {

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& values = {},
                                  const Model* warm_start = nullptr, uint64_t seed = 0) {
  return fit_learner("gbdt", data, values, seed, warm_start);
}

static const GbdtModel& boosted(const Model& model) {
  return dynamic_cast<const GbdtModel&>(model);
}

namespace {

// Rows with zeros, on which three bands of a product are classes.
struct World {
  Matrix x;
  Dataset data;

  World(size_t rows, size_t classes, uint64_t seed) : x(rows, 6) {
    Rng rng(seed);
    data.features = x;
    data.classes = classes;
    data.task = classes == 0 ? Task::regression : Task::classification;
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < 6; ++j)
        x.at(i, j) = static_cast<float>(rng.uniform() < 0.3 ? 0 : rng.normal());
      const double value = x.at(i, 0) * x.at(i, 1) + x.at(i, 2) + 0.1 * rng.normal();
      data.targets.push_back(static_cast<float>(100 + value));
      const double band = std::floor(value + static_cast<double>(classes) / 2);
      if (classes)
        data.labels.push_back(
            static_cast<int32_t>(std::clamp(band, 0.0, static_cast<double>(classes) - 1)));
    }
  }
};

}  // namespace

// A function of the library, which the program does not link.
template <class Function>
static Function* in_library(Function*, const char* name) {
  void* handle = dlopen("libxgboost.so.0", RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(handle, nullptr);
  return reinterpret_cast<Function*>(dlsym(handle, name));
}
#define CALL(function, ...) \
  EXPECT_EQ(in_library(decltype (&function)(nullptr), #function)(__VA_ARGS__), 0)

// What the library itself says of dense rows: scores before softmax or sigmoid.
static std::vector<float> library_scores(const std::string& booster, const Matrix& x) {
  DMatrixHandle rows = nullptr;
  BoosterHandle handle = nullptr;
  CALL(XGDMatrixCreateFromMat, x.values.data(), x.rows, x.cols, 0, &rows);
  CALL(XGBoosterCreate, nullptr, 0, &handle);
  CALL(XGBoosterLoadModelFromBuffer, handle, booster.data(), booster.size());
  CALL(XGBoosterSetParam, handle, "nthread", "1");
  bst_ulong count = 0;
  const float* out = nullptr;
  CALL(XGBoosterPredict, handle, rows, 1, 0, 0, &count, &out);
  std::vector<float> scores(out, out + count);
  CALL(XGBoosterFree, handle);
  CALL(XGDMatrixFree, rows);
  return scores;
}

TEST(Gbdt, WalksItsTreesAsTheLibraryDoes) {
  for (const size_t classes : {0, 2, 3, 5}) {
    const World world(400, classes, 1 + classes);
    const auto model = fit(world.data, {{"rounds", 40.0}});
    const World others(300, classes, 90);
    const auto scores = library_scores(boosted(*model).boosted().booster, others.x);
    Matrix out;
    std::vector<float> numbers;
    if (classes == 0) {
      model->predictions(others.x, numbers);
    } else {
      model->probabilities(others.x, out);
    }
    for (size_t i = 0; i < 300; ++i) {
      // The library adds floats and we add doubles.
      if (classes == 0) {
        const Boosted& made = boosted(*model).boosted();
        const double expected = made.mean + made.scale * static_cast<double>(scores[i]);
        ASSERT_NEAR(static_cast<double>(numbers[i]), expected, 2e-5);
      } else if (classes == 2) {
        ASSERT_NEAR(out.at(i, 1), 1 / (1 + std::exp(-scores[i])), 2e-6);
      } else {
        double sum = 0;
        for (size_t k = 0; k < classes; ++k) sum += std::exp(scores[i * classes + k]);
        for (size_t k = 0; k < classes; ++k)
          ASSERT_NEAR(out.at(i, k), std::exp(scores[i * classes + k]) / sum, 2e-6);
      }
    }
  }
}

// Powers of two change no digit of a target: the trees are the same to the last bit, the numbers
// the same in the other unit. In units such as 1e-6 or 1e20 the library alone finds nothing.
TEST(Gbdt, LearnsNumbersInAnyUnit) {
  World world(300, 0, 3);
  for (float& target : world.data.targets) target -= 100;
  std::vector<float> usual, numbers;
  fit(world.data, {{"rounds", 30.0}})->predictions(world.x, usual);
  for (const int exponent : {-100, -40, -14, 14, 40, 70, 120}) {
    World other = world;
    for (float& target : other.data.targets) target = std::ldexp(target, exponent);
    const auto model = fit(other.data, {{"rounds", 30.0}});
    model->predictions(world.x, numbers);
    for (size_t i = 0; i < usual.size(); ++i) {
      ASSERT_EQ(numbers[i], std::ldexp(usual[i], exponent)) << exponent;
    }
    std::vector<float> loaded;
    load_gbdt(model->save())->predictions(world.x, loaded);
    EXPECT_EQ(loaded, numbers);
    const auto more = fit(other.data, {{"rounds", 30.0}, {"warm_rounds", 5.0}}, model.get());
    EXPECT_EQ(boosted(*more).boosted().scale, boosted(*model).boosted().scale);
  }
  std::fill(world.data.targets.begin(), world.data.targets.end(), 1e-20F);
  fit(world.data)->predictions(world.x, numbers);
  for (const float number : numbers) EXPECT_EQ(number, 1e-20F);
}

// As the first form was written, which had no scale: it is read as it was meant.
TEST(Gbdt, ReadsTheFirstForm) {
  World world(100, 0, 5);
  for (float& target : world.data.targets) target = 100 + 8 * (target - 100);
  const auto model = fit(world.data, {{"rounds", 5.0}});
  const Boosted& made = boosted(*model).boosted();
  ByteWriter body;
  body.put<uint8_t>(1);
  body.put<uint64_t>(made.classes);
  body.put<uint64_t>(made.features);
  body.put(made.labels);
  body.put(made.seen);
  body.put(made.mean);
  body.put(made.booster);
  const std::string bytes = body.take();
  ByteWriter writer;
  writer.put(std::string_view("querist.gbdt"));
  writer.put<uint32_t>(1);
  writer.put(bytes);
  writer.put(fast_hash(bytes));
  std::vector<float> numbers;
  load_gbdt(writer.take())->predictions(world.x, numbers);
  const auto scores = library_scores(made.booster, world.x);
  ASSERT_GT(made.scale, 1);
  for (size_t i = 0; i < numbers.size(); ++i)
    ASSERT_NEAR(static_cast<double>(numbers[i]), made.mean + static_cast<double>(scores[i]), 2e-5);
}

TEST(Gbdt, GoesOnFromAnEarlierModelWhereAsked) {
  for (const size_t classes : {0, 2, 3}) {
    const World world(200, classes, 7);
    const auto half = fit(world.data, {{"rounds", 20.0}});
    EXPECT_EQ(boosted(*half).rounds(), 20u);
    // Twenty rounds and twenty more on the same rows are forty rounds.
    const auto more = fit(world.data, {{"rounds", 20.0}, {"warm_rounds", 20.0}}, half.get());
    const auto whole = fit(world.data, {{"rounds", 40.0}});
    EXPECT_EQ(boosted(*more).rounds(), 40u);
    // Scores are kept as floats between rounds, and recomputed where training goes on.
    if (classes) {
      Matrix a;
      Matrix b;
      more->probabilities(world.x, a);
      whole->probabilities(world.x, b);
      for (size_t i = 0; i < a.values.size(); ++i) ASSERT_NEAR(a.values[i], b.values[i], 1e-4);
    }
    // Not asked, or twice as long already: anew.
    EXPECT_EQ(fit(world.data, {{"rounds", 20.0}}, half.get())->save(), half->save());
    EXPECT_EQ(fit(world.data, {{"rounds", 20.0}, {"warm_rounds", 1.0}}, more.get())->save(),
              half->save());
  }
}

TEST(Gbdt, TrainsAnewWhereTheClassesAreOthers) {
  const World three(200, 3, 8);
  World two(200, 3, 8);
  for (int32_t& label : two.data.labels) label = std::min(label, 1);
  const auto earlier = fit(two.data);
  EXPECT_EQ(fit(three.data, {{"warm_rounds", 5.0}}, earlier.get())->save(),
            fit(three.data)->save());
}

TEST(Gbdt, DrawsRowsAndColumnsBySeed) {
  const World world(200, 2, 9);
  const Settings drawn = {{"subsample", 0.5}, {"colsample_bytree", 0.5}, {"rounds", 10.0}};
  EXPECT_EQ(fit(world.data, drawn, nullptr, 1)->save(), fit(world.data, drawn, nullptr, 1)->save());
  EXPECT_NE(fit(world.data, drawn, nullptr, 1)->save(), fit(world.data, drawn, nullptr, 2)->save());
}

TEST(Gbdt, WeighsClassesByTheirRows) {
  // One column that says nothing: balanced, the classes are equally likely; else as they come.
  Matrix x(100, 1);
  Dataset data{.features = x, .classes = 2};
  for (size_t i = 0; i < 100; ++i) data.labels.push_back(i % 10 == 0);
  Matrix out;
  fit(data)->probabilities(x, out);
  EXPECT_NEAR(out.at(0, 1), 0.1, 0.01);
  fit(data, {{"class_weight", "balanced"}})->probabilities(x, out);
  EXPECT_NEAR(out.at(0, 1), 0.5, 0.01);
}

TEST(Gbdt, SaysWhatTheLibraryRefuses) {
  const World world(50, 2, 10);
  const std::vector<float> answers(50, 7);  // No probability.
  try {
    boost(world.x, answers, std::vector<float>(50, 1), {.objective = "binary:logistic"}, "",
          Progress());
    ADD_FAILURE() << "was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::internal);
    EXPECT_TRUE(std::string_view(error.what()).starts_with("XGBoost failed: ")) << error.what();
    EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
  }
}

TEST(Gbdt, StopsWhenCancelled) {
  const World world(50, 2, 11);
  Progress progress;
  progress.cancel();
  EXPECT_THROW(train(find("gbdt"), world.data, Params(gbdt().params), nullptr, 0, progress), Error);
}

}  // namespace querist::learners
