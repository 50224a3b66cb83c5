// Each calibrator against scikit-learn and SciPy (tests/golden/calibrators.json), the research
// notes' golden temperature, and brute force; and the choice between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "calibrators/calibrator.h"
#include "calibrators/parts/pool_adjacent.h"
#include "metrics/classification.h"

namespace querist::calibrators {

static const Json& golden() {
  static const Json all =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/calibrators.json"));
  return all;
}

struct Case {
  size_t classes;
  std::vector<double> logits;
  std::vector<int32_t> labels;
  std::vector<double> weights;
  explicit Case(const Json& json)
      : classes(json["classes"]),
        logits(json["logits"].get<std::vector<double>>()),
        labels(json["labels"].get<std::vector<int32_t>>()),
        weights(json["weights"].get<std::vector<double>>()) {}
  CalibrationSet set() const { return {{labels.size(), classes, logits.data()}, labels, weights}; }
  double loss(const Calibration& calibration) const {
    const auto p = calibrate(calibration, set().logits);
    double sum = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      sum -= (weights.empty() ? 1 : weights[i]) *
             std::log(p[i * classes + static_cast<size_t>(labels[i])]);
    }
    return sum;
  }
};

static Calibration fitted(std::string_view name, const CalibrationSet& set,
                          const std::map<std::string, double>& settings = {}) {
  Params params(find(name).params);
  for (const auto& [key, value] : settings) params.set(key, value);
  return fit(find(name), set, params);
}

TEST(Temperature, IsSciPysMinimum) {
  for (const Json& json : golden()["cases"]) {
    const Case one(json);
    // The bounded search ends within about 1e-8 of the minimum.
    EXPECT_NEAR(fitted("temperature", one.set()).state[0], json["temperature"].get<double>(), 1e-6);
    EXPECT_NEAR(fitted("temperature", one.set(), {{"prior", 0}}).state[0],
                json["temperature_without_prior"].get<double>(), 1e-6);
  }
}

// The research notes' golden input of three classes.
static double u(double i, double s) { return std::fmod((i + 1) * 0.6180339887498949 + s, 1.0); }

TEST(Temperature, HasTheGoldenValue) {
  std::vector<double> logits;
  std::vector<int32_t> labels;
  for (int i = 0; i < 600; ++i) {
    const int t = 7919 * i % 3;
    for (int j = 0; j < 3; ++j) {
      logits.push_back(2 * u(double{1} * i * (j + 2) + j, 0.17 * j) +
                       (j == t ? 1.2 * u(5.0 * i + 1, 0.4) : 0));
    }
    labels.push_back(i % 6 == 2 ? (t + 1 + i % 2) % 3 : t);
  }
  const CalibrationSet set{{600, 3, logits.data()}, labels};
  const Calibration one = fitted("temperature", set, {{"prior", 0}});
  EXPECT_NEAR(one.state[0], 0.804487289613, 1e-8);
  const auto p = calibrate(one, set.logits);
  EXPECT_NEAR(metrics::log_loss(labels, {600, 3, p.data()}), 0.917240121231, 1e-11);
  EXPECT_NEAR(calibrate(fitted("none", set), set.logits)[0], 0.6645715472655739, 1e-15);
}

TEST(Temperature, ThePriorHoldsWhatFewLabelsCannotSay) {
  // All right, as on ten easy labels: without the prior the temperature runs to its bound.
  const std::vector<double> logits = {3, 0, 0, 3, 2, 0, 0, 2};
  const std::vector<int32_t> labels = {0, 1, 0, 1};
  const CalibrationSet set{{4, 2, logits.data()}, labels};
  EXPECT_LT(fitted("temperature", set, {{"prior", 0}}).state[0], 1e-3);
  const double held = fitted("temperature", set).state[0];
  EXPECT_GT(held, 0.9);
  EXPECT_LT(held, 1);
}

TEST(Temperature, IsTheBestOfAGridEvenWhereThereAreSeveralValleys) {
  Rng rng(2);
  for (int round = 0; round < 100; ++round) {
    const size_t n = 1 + rng.below(12);
    const double scale = std::exp(3 * rng.normal());
    std::vector<double> logits(3 * n);
    std::vector<int32_t> labels(n);
    for (double& value : logits) value = scale * rng.normal();
    for (int32_t& label : labels) label = static_cast<int32_t>(rng.below(3));
    const CalibrationSet set{{n, 3, logits.data()}, labels};
    const auto objective = [&](double log_t) {
      const Calibration at{"temperature", 3, {std::exp(log_t)}};
      const auto p = calibrate(at, set.logits);
      double sum = log_t * log_t / (2 * 0.25 * 0.25);
      for (size_t i = 0; i < n; ++i)
        sum -= std::log(std::max(p[3 * i + static_cast<size_t>(labels[i])], 1e-300));
      return sum;
    };
    double best = INFINITY;
    for (int at = -2000; at <= 2000; ++at) best = std::min(best, objective(at / 400.0));
    const double found = objective(std::log(fitted("temperature", set).state[0]));
    EXPECT_LE(found, best + 1e-9 * (1 + best)) << scale;
  }
}

TEST(Platt, IsScikitLearnsAndAMinimum) {
  for (const Json& json : golden()["cases"]) {
    const Case one(json);
    const auto state = fitted("platt", one.set()).state;
    const auto expected = json["platt"].get<std::vector<std::vector<double>>>();
    ASSERT_EQ(state.size(), 2 * expected.size());
    for (size_t at = 0; at < expected.size(); ++at) {
      // Its L-BFGS stops at a gradient of 1e-6 of a sum of about 50 rows.
      EXPECT_NEAR(state[2 * at], expected[at][0], 2e-5);
      EXPECT_NEAR(state[2 * at + 1], expected[at][1], 2e-5);
    }
  }
}

TEST(VectorAndDirichlet, ReachSciPysMinimum) {
  for (const Json& json : golden()["cases"]) {
    const Case one(json);
    for (const char* name : {"vector_scaling", "dirichlet"}) {
      const Calibration best = fitted(name, one.set());
      const bool matrix = name[0] == 'd';
      const auto objective = [&](const std::vector<double>& state) {
        double sum = one.loss({best.name, one.classes, state});
        for (size_t j = 0; j < state.size(); ++j) {
          const bool diagonal = matrix ? j < one.classes * one.classes && j % (one.classes + 1) == 0
                                       : j < one.classes;
          sum += 0.5 * (state[j] - diagonal) * (state[j] - diagonal);
        }
        return sum;
      };
      const double value = objective(best.state);
      // SciPy's own minimum has about ten digits.
      EXPECT_NEAR(value, json[name].get<double>(), 1e-8) << name;
      for (size_t j = 0; j < best.state.size(); ++j) {
        for (const double move : {-1e-4, 1e-4}) {
          auto moved = best.state;
          moved[j] += move;
          EXPECT_GT(objective(moved), value);
        }
      }
    }
  }
}

TEST(Isotonic, IsScikitLearns) {
  for (const Json& json : golden()["cases"]) {
    const Case one(json);
    auto state = std::span<const double>();
    const Calibration plain = fitted("isotonic", one.set(), {{"floor", 0}});
    state = plain.state;
    for (const Json& curve : json["isotonic"]) {
      const auto x = curve["x"].get<std::vector<double>>();
      const auto y = curve["y"].get<std::vector<double>>();
      ASSERT_EQ(state[0], static_cast<double>(x.size()));
      for (size_t i = 0; i < x.size(); ++i) {
        EXPECT_NEAR(state[1 + i], x[i], 1e-12);
        EXPECT_NEAR(state[1 + x.size() + i], y[i], 1e-12);
      }
      const RisingCurve ours{x, y};
      for (size_t i = 0; i <= 100; ++i) {
        EXPECT_NEAR(ours.at(static_cast<double>(i) / 100), curve["at"][i].get<double>(), 1e-12);
      }
      state = state.subspan(1 + 2 * x.size());
    }
    // With a floor no row of two or more classes is surely wrong.
    EXPECT_TRUE(std::isfinite(one.loss(fitted("isotonic", one.set()))));
  }
}

TEST(PoolAdjacent, IsTheMinMaxFormula) {
  // The rising fit at i is the largest, over starts up to i, of the smallest mean up to an end from
  // i on (Barlow et al. 1972).
  Rng rng(7);
  for (int round = 0; round < 300; ++round) {
    const size_t n = 1 + rng.below(12);
    std::vector<double> x(n), y(n), w(n);
    for (size_t i = 0; i < n; ++i) {
      x[i] = static_cast<double>(i);
      y[i] = round % 2 ? static_cast<double>(rng.below(2)) : rng.uniform();
      w[i] = 0.5 + rng.uniform();
    }
    const RisingCurve curve = pool_adjacent(x, y, w);
    for (size_t i = 0; i < n; ++i) {
      double largest = -INFINITY;
      for (size_t from = 0; from <= i; ++from) {
        double smallest = INFINITY;
        for (size_t to = i; to < n; ++to) {
          double sum = 0, weight = 0;
          for (size_t j = from; j <= to; ++j) {
            sum += w[j] * y[j];
            weight += w[j];
          }
          smallest = std::min(smallest, sum / weight);
        }
        largest = std::max(largest, smallest);
      }
      EXPECT_NEAR(curve.at(x[i]), largest, 1e-12);
    }
  }
}

// Rows whose true logits are known; the model's are `scale` times as large.
static Case planted(size_t n, size_t classes, double scale, uint64_t seed) {
  Json json = {{"classes", classes},
               {"logits", Json::array()},
               {"labels", Json::array()},
               {"weights", Json::array()}};
  Case one(json);
  Rng rng(seed);
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> z(classes);
    double sum = 0;
    for (double& value : z) {
      value = 1.5 * rng.normal();
      sum += std::exp(value);
    }
    double point = rng.uniform() * sum;
    size_t label = 0;
    while (label + 1 < classes && point >= std::exp(z[label])) point -= std::exp(z[label++]);
    one.labels.push_back(static_cast<int32_t>(label));
    for (const double value : z) one.logits.push_back(scale * value);
  }
  return one;
}

TEST(ChooseCalibrator, CoolsWhatIsTooSureAndLeavesWhatIsRight) {
  const Case sure = planted(400, 3, 3, 1);
  const Choice choice = choose_calibrator(sure.set());
  EXPECT_NE(choice.calibration.name, "none");
  // On new rows it is nearly as good as the truth.
  const Case fresh = planted(4000, 3, 3, 2);
  const auto p = calibrate(choice.calibration, fresh.set().logits);
  const auto truth = calibrate({"temperature", 3, {3.0}}, fresh.set().logits);
  const auto raw = calibrate(fitted("none", fresh.set()), fresh.set().logits);
  const auto loss = [&](const std::vector<double>& rows) {
    return metrics::log_loss(fresh.labels, {4000, 3, rows.data()});
  };
  EXPECT_LT(loss(p), loss(truth) + 0.01);
  EXPECT_GT(loss(raw), loss(truth) + 0.2);
  // Already calibrated: whatever is chosen changes little.
  const Case right = planted(2000, 3, 1, 3);
  const Choice kept = choose_calibrator(right.set());
  const auto after = calibrate(kept.calibration, right.set().logits);
  const auto before = calibrate(fitted("none", right.set()), right.set().logits);
  for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(after[i], before[i], 0.06);
}

TEST(Temperature, ThePriorCostsCalibratedLogitsLessOnFewLabels) {
  // 300 samples of 40 rows whose logits are right already: what a fitted temperature adds to the
  // log loss of new rows.
  const Case fresh = planted(2000, 3, 1, 8);
  const auto loss = [&](const Calibration& calibration) {
    const auto p = calibrate(calibration, fresh.set().logits);
    return metrics::log_loss(fresh.labels, {2000, 3, p.data()});
  };
  const double truth = loss({"temperature", 3, {1.0}});
  double with = 0;
  double without = 0;
  for (uint64_t round = 0; round < 300; ++round) {
    const Case few = planted(40, 3, 1, 100 + round);
    with += (loss(fitted("temperature", few.set())) - truth) / 300;
    without += (loss(fitted("temperature", few.set(), {{"prior", 0}})) - truth) / 300;
  }
  EXPECT_LT(with, 0.6 * without);
  EXPECT_GT(without, 0.002);
}

TEST(ChooseCalibrator, TriesTheHungryOnlyWithEnoughLabels) {
  const auto tried = [](const Choice& choice) {
    std::set<std::string_view> names;
    for (const Candidate& one : choice.candidates)
      if (std::isfinite(one.log_loss)) names.insert(one.name);
    return names;
  };
  EXPECT_EQ(tried(choose_calibrator(planted(30, 3, 2, 4).set())),
            (std::set<std::string_view>{"none", "temperature"}));
  EXPECT_EQ(tried(choose_calibrator(planted(130, 3, 2, 4).set())),
            (std::set<std::string_view>{"none", "temperature", "platt", "vector_scaling"}));
  EXPECT_EQ(tried(choose_calibrator(planted(1100, 3, 2, 4).set())).size(), all().size());
}

TEST(ChooseCalibrator, SeesWhatATemperatureCannotMend) {
  // Class 2's logit is 1.5 too high.
  Case one = planted(600, 3, 1, 5);
  for (size_t i = 0; i < one.labels.size(); ++i) one.logits[3 * i + 2] += 1.5;
  const Choice choice = choose_calibrator(one.set());
  EXPECT_TRUE(choice.calibration.name == "vector_scaling" ||
              choice.calibration.name == "dirichlet");
  const Choice again = choose_calibrator(one.set());
  EXPECT_EQ(save(again.calibration), save(choice.calibration));
}

TEST(ChooseCalibrator, WorksOnOneRowAndTwo) {
  EXPECT_EQ(choose_calibrator(planted(1, 2, 1, 6).set()).calibration.name, "none");
  EXPECT_NO_THROW(choose_calibrator(planted(2, 4, 1, 6).set()));
}

}  // namespace querist::calibrators
