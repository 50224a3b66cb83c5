// What every calibrator must do, whichever it is; runs over the whole registry.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "calibrators/calibrator.h"
#include "metrics/classification.h"

namespace querist::calibrators {

// Logits that are three times too large, and labels drawn from the right ones.
struct Sample {
  size_t classes;
  std::vector<double> logits;
  std::vector<int32_t> labels;
  std::vector<double> weights;

  Sample(size_t rows, size_t class_count, uint64_t seed) : classes(class_count) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      double sum = 0;
      for (size_t k = 0; k < classes; ++k) {
        logits.push_back(rng.normal());
        sum += std::exp(logits.back());
      }
      double point = rng.uniform() * sum;
      size_t label = 0;
      for (; label + 1 < classes; ++label) {
        point -= std::exp(logits[i * classes + label]);
        if (point < 0) break;
      }
      labels.push_back(static_cast<int32_t>(label));
    }
    for (double& value : logits) value *= 3;
  }
  DoubleView view() const { return {labels.size(), classes, logits.data()}; }
  CalibrationSet set() const { return {view(), labels, weights}; }
};

class EveryCalibrator : public testing::TestWithParam<std::string_view> {
 protected:
  const Calibrator& card() const { return find(GetParam()); }
  Calibration learn(const CalibrationSet& set) const {
    return fit(card(), set, Params(card().params));
  }
  void expect_refused(const CalibrationSet& set) const {
    try {
      learn(set);
      ADD_FAILURE() << "was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
    }
  }
};

static std::vector<double> checked(const Calibration& calibration, DoubleView logits) {
  const auto p = calibrate(calibration, logits);
  EXPECT_EQ(p.size(), logits.rows * logits.cols);
  for (size_t i = 0; i < logits.rows; ++i) {
    double sum = 0;
    for (size_t k = 0; k < logits.cols; ++k) {
      const double one = p[i * logits.cols + k];
      EXPECT_TRUE(one >= 0 && one <= 1) << one;
      sum += one;
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
  return p;
}

TEST(Calibrators, AreTheFilesOfTheirFolder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/calibrators")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test")) {
      files.insert(name);
    }
  }
  std::set<std::string> names;
  for (const Calibrator& one : all()) names.insert(std::string(one.name));
  EXPECT_EQ(names, files);
  EXPECT_EQ(all().size(), files.size());
  EXPECT_THROW(find("unheard_of"), Error);
}

TEST_P(EveryCalibrator, SaysWhatItIs) {
  EXPECT_FALSE(card().summary.empty());
  EXPECT_FALSE(card().source.empty());
  for (const ParamSpec& spec : card().params) EXPECT_FALSE(spec.help.empty()) << spec.name;
}

TEST_P(EveryCalibrator, IsTheSameOverARowOfTheStoreAndOnAMatrixInPlace) {
  for (const size_t classes : {2, 5}) {
    const Sample known(1500, classes, 1);
    const Sample fresh(5000, classes, 2);  // More than one block of rows.
    const Calibration calibration = learn(known.set());
    const Json json = parse_json(calibration_json(calibration).dump());
    const Calibration read = calibration_of(json);
    EXPECT_EQ(read.name, calibration.name);
    EXPECT_EQ(read.classes, calibration.classes);
    EXPECT_EQ(read.state, calibration.state);
    const auto plain = calibrate(fit(find("none"), known.set(), {}), fresh.view());
    Matrix matrix(5000, classes);
    std::copy(plain.begin(), plain.end(), matrix.values.begin());
    const std::vector<double> rounded(matrix.values.begin(), matrix.values.end());
    const auto logits = logits_of({5000, classes, rounded.data()});
    const auto expected = calibrate(calibration, {5000, classes, logits.data()});
    calibrate(read, matrix);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(matrix.values[i], static_cast<float>(expected[i]));
    for (const char* field : {"name", "classes", "state"}) {
      Json damaged = json;
      damaged.erase(field);
      EXPECT_THROW(calibration_of(damaged), Error) << field;
      damaged[field] = nullptr;
      EXPECT_THROW(calibration_of(damaged), Error) << field;
    }
    Json longer = json;
    longer["state"].push_back(1.0);
    EXPECT_THROW(calibration_of(longer), Error);
    longer["state"] = Json{nullptr};
    EXPECT_THROW(calibration_of(longer), Error);
  }
}

TEST_P(EveryCalibrator, HelpsOnNewRowsWhatIsTooSure) {
  for (const size_t classes : {2, 5}) {
    const Sample known(1500, classes, 1);
    const Sample fresh(3000, classes, 2);
    const auto p = checked(learn(known.set()), fresh.view());
    const auto raw = checked(fit(find("none"), known.set(), {}), fresh.view());
    const double gain = metrics::log_loss(fresh.labels, {3000, classes, raw.data()}) -
                        metrics::log_loss(fresh.labels, {3000, classes, p.data()});
    if (GetParam() == "none") {
      EXPECT_EQ(gain, 0);
    } else {
      EXPECT_GT(gain, 0.2);
    }
  }
}

TEST_P(EveryCalibrator, IsTheSameAfterSavingAndLoading) {
  for (const size_t classes : {2, 4}) {
    const Sample sample(80, classes, 3);
    const Calibration one = learn(sample.set());
    const std::string bytes = save(one);
    const Calibration again = load(bytes);
    EXPECT_EQ(again.name, GetParam());
    EXPECT_EQ(save(again), bytes);
    EXPECT_EQ(checked(again, sample.view()), checked(one, sample.view()));
    EXPECT_EQ(learn(sample.set()).state, one.state);
  }
}

TEST_P(EveryCalibrator, CountsARowAsOftenAsItsWeightSays) {
  Sample sample(60, 3, 4);
  Sample repeated(0, 3, 4);
  for (size_t i = 0; i < 60; ++i) {
    sample.weights.push_back(1.0 + static_cast<double>(i % 3));
    for (size_t copy = 0; copy <= i % 3; ++copy) {
      repeated.labels.push_back(sample.labels[i]);
      repeated.logits.insert(repeated.logits.end(), sample.logits.begin() + 3 * static_cast<int>(i),
                             sample.logits.begin() + 3 * static_cast<int>(i) + 3);
    }
  }
  const auto a = checked(learn(sample.set()), sample.view());
  const auto b = checked(learn(repeated.set()), sample.view());
  // Two ways of summing, and solvers that stop at 1e-10.
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-7);
}

TEST_P(EveryCalibrator, WorksOnOneRowOneClassAndLogitsOfAnySize) {
  const Sample one(1, 3, 5);
  checked(learn(one.set()), one.view());
  Sample same(40, 3, 6);
  std::fill(same.labels.begin(), same.labels.end(), 1);
  const auto p = checked(learn(same.set()), same.view());
  for (const double value : p) EXPECT_TRUE(std::isfinite(value));
  Sample flat(40, 3, 7);
  std::fill(flat.logits.begin(), flat.logits.end(), 0.25);
  checked(learn(flat.set()), flat.view());
  Sample huge(40, 3, 8);
  for (double& value : huge.logits) value *= 1e4;
  checked(learn(huge.set()), huge.view());
  Sample tiny(40, 3, 9);
  for (double& value : tiny.logits) value *= 1e-12;
  checked(learn(tiny.set()), tiny.view());
  EXPECT_TRUE(checked(learn(one.set()), {0, 3, nullptr}).empty());
}

TEST_P(EveryCalibrator, GivesAClassWithoutLabelsAFiniteLoss) {
  Sample sample(80, 4, 10);
  for (int32_t& label : sample.labels) label = std::min(label, 2);
  const auto p = checked(learn(sample.set()), sample.view());
  for (size_t i = 0; i < 80; ++i) EXPECT_GT(p[4 * i + 3], 0);
}

TEST_P(EveryCalibrator, RefusesWhatIsNoSet) {
  const Sample good(10, 3, 11);
  expect_refused({});
  expect_refused({{10, 1, good.logits.data()}, good.labels});
  expect_refused({{9, 3, good.logits.data()}, good.labels});
  Sample bad = good;
  bad.labels[3] = 3;
  expect_refused(bad.set());
  bad.labels[3] = -1;
  expect_refused(bad.set());
  bad = good;
  bad.logits[4] = NAN;
  expect_refused(bad.set());
  bad.logits[4] = INFINITY;
  expect_refused(bad.set());
  bad = good;
  bad.weights.assign(10, 1);
  bad.weights[2] = 0;
  expect_refused(bad.set());
  bad.weights.pop_back();
  expect_refused(bad.set());
  const Calibration one = learn(good.set());
  EXPECT_THROW(calibrate(one, {5, 2, good.logits.data()}), Error);
  const std::vector<double> nan = {0, NAN, 0};
  EXPECT_THROW(calibrate(one, {1, 3, nan.data()}), Error);
}

TEST_P(EveryCalibrator, NeverCrashesOnDamagedBytes) {
  const Sample sample(30, 3, 12);
  const std::string bytes = save(learn(sample.set()));
  const auto try_load = [&](std::string_view damaged) {
    try {
      const Calibration one = load(damaged);
      const std::vector<double> logits(2 * one.classes);
      calibrate(one, {2, one.classes, logits.data()});
    } catch (const Error&) {
      return false;
    }
    return true;
  };
  EXPECT_TRUE(try_load(bytes));
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(try_load(std::string_view(bytes).substr(0, length))) << length;
  }
  EXPECT_FALSE(try_load(bytes + "x"));
  Rng rng(1);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    damaged[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    try_load(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryCalibrator, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const Calibrator& one : all()) names.push_back(one.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace querist::calibrators
