// Metrics of classes, rankings, numbers, label sets and calibration against scikit-learn
// (tests/golden/scores.json) and the research notes' golden inputs; estimation without labels.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "metrics/calibration.h"
#include "metrics/cbpe.h"
#include "metrics/class_calibration.h"
#include "metrics/classification.h"
#include "metrics/confusion.h"
#include "metrics/multi_label.h"
#include "metrics/ranking.h"
#include "metrics/regression.h"
#include "metrics/resampling.h"

namespace querist::metrics {

static const Json& golden() {
  static const Json all = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/scores.json"));
  return all;
}

// Both sides are float64: only the last digits may differ.
static void expect_same(double actual, double expected) {
  EXPECT_NEAR(actual, expected, 1e-12 * std::max(1.0, std::abs(expected)));
}

static std::vector<double> doubles(const Json& json) { return json.get<std::vector<double>>(); }

static const std::pair<const char*, Average> averages[] = {
    {"micro", Average::micro}, {"macro", Average::macro}, {"weighted", Average::weighted}};

static void expect_scores(const Scores& actual, const Json& expected) {
  expect_same(actual.precision, expected[0]);
  expect_same(actual.recall, expected[1]);
  expect_same(actual.f1, expected[2]);
}

TEST(Confusion, AgreesWithScikitLearn) {
  const Json& one = golden()["classes"];
  const auto labels = one["labels"].get<std::vector<int32_t>>();
  const auto predicted = one["predicted"].get<std::vector<int32_t>>();
  for (const char* key : {"plain", "weighted"}) {
    const auto weights = key[0] == 'w' ? doubles(one["weights"]) : std::vector<double>();
    const Confusion table = confusion(labels, predicted, 5, weights);  // The last one is empty.
    for (const auto& [name, average] : averages)
      expect_scores(average_scores(table, average), one[key]["averages"][name]);
    expect_same(matthews_correlation(table), one[key]["mcc"]);
    expect_same(cohen_kappa(table), one[key]["kappa"]);
    expect_same(accuracy(table), one[key]["accuracy"]);
    expect_same(balanced_accuracy(table), one[key]["balanced_accuracy"]);
  }
}

TEST(Confusion, OfOneClassIsDefined) {
  const std::vector<int32_t> same = {1, 1, 1};
  const Confusion table = confusion(same, same, 3);
  EXPECT_EQ(matthews_correlation(table), 0);
  EXPECT_EQ(cohen_kappa(table), 1);
  EXPECT_EQ(average_scores(table, Average::macro).f1, 1);
  EXPECT_THROW(confusion(same, same, 1), Error);
  EXPECT_THROW(confusion({}, {}, 1), Error);
}

TEST(Ranking, AgreesWithScikitLearn) {
  for (const Json& one : golden()["rankings"]) {
    const auto positive = one["positive"].get<std::vector<uint8_t>>();
    const auto scores = doubles(one["scores"]);
    const auto weights = doubles(one["weights"]);
    expect_same(roc_auc(scores, positive), one["auc"]);
    expect_same(roc_auc(scores, positive, weights), one["weighted_auc"]);
    expect_same(average_precision(scores, positive), one["ap"]);
    expect_same(average_precision(scores, positive, weights), one["weighted_ap"]);
  }
}

TEST(Ranking, OfSeveralClassesAgreesWithScikitLearn) {
  const Json& one = golden()["several"];
  const auto labels = one["labels"].get<std::vector<int32_t>>();
  const auto values = doubles(one["scores"]);
  const DoubleView scores{labels.size(), 4, values.data()};
  expect_same(roc_auc_one_vs_rest(labels, scores), one["ovr_macro"]);
  expect_same(roc_auc_one_vs_rest(labels, scores, Average::weighted), one["ovr_weighted"]);
  expect_same(roc_auc_one_vs_rest(labels, scores, Average::micro), one["ovr_micro"]);
  expect_same(roc_auc_one_vs_one(labels, scores), one["ovo_macro"]);
  expect_same(roc_auc_one_vs_one(labels, scores, Average::weighted), one["ovo_weighted"]);
  expect_same(log_loss(labels, scores), one["log_loss"]);
  expect_same(brier_score(labels, scores), one["brier"]);
}

TEST(Ranking, OfSeveralClassesTakesAWeightAsSoManyRowsAndLeavesAnAbsentClassOut) {
  Rng rng(4);
  for (int round = 0; round < 50; ++round) {
    std::vector<int32_t> labels, repeated;
    std::vector<double> values, repeated_values, weights, narrow;
    for (size_t i = 0; i < 20; ++i) {
      labels.push_back(static_cast<int32_t>(i < 3 ? i : rng.below(3)));
      weights.push_back(static_cast<double>(i < 3 ? 1 : rng.below(4)));
      for (int k = 0; k < 4; ++k) values.push_back(static_cast<double>(rng.below(6)));
      narrow.insert(narrow.end(), values.end() - 4, values.end() - 1);
      for (double left = weights.back(); left > 0; --left) {
        repeated.push_back(labels.back());
        repeated_values.insert(repeated_values.end(), values.end() - 4, values.end());
      }
    }
    const DoubleView scores{20, 4, values.data()};
    const DoubleView written_out{repeated.size(), 4, repeated_values.data()};
    const DoubleView three{20, 3, narrow.data()};
    for (const Average average : {Average::micro, Average::weighted}) {
      EXPECT_NEAR(roc_auc_one_vs_rest(labels, scores, average, weights),
                  roc_auc_one_vs_rest(repeated, written_out, average), 1e-12);
    }
    const Average weighted = Average::weighted;
    EXPECT_TRUE(std::isnan(roc_auc_one_vs_rest(labels, scores)));  // Macro asks about class 3 too.
    EXPECT_NEAR(roc_auc_one_vs_rest(labels, scores, weighted),
                roc_auc_one_vs_rest(labels, three, weighted), 1e-12);
    EXPECT_NEAR(roc_auc_one_vs_one(labels, scores), roc_auc_one_vs_one(labels, three), 1e-12);
    EXPECT_NEAR(roc_auc_one_vs_one(labels, scores, weighted),
                roc_auc_one_vs_one(labels, three, weighted), 1e-12);
  }
  const std::vector<double> alone{0.5, 0.5, 0.25, 0.75};
  const std::vector<int32_t> one{0, 0};
  EXPECT_TRUE(std::isnan(roc_auc_one_vs_one(one, {2, 2, alone.data()})));
  EXPECT_THROW(
      roc_auc_one_vs_rest(one, {2, 2, alone.data()}, Average::macro, std::vector<double>{1}),
      Error);
}

TEST(Ranking, IsTheShareOfPairsInOrder) {
  // Brute force over pairs, with weights that may be 0 and scores of few values.
  Rng rng(3);
  for (int round = 0; round < 300; ++round) {
    const size_t n = 2 + rng.below(12);
    std::vector<double> scores(n), positives(n), negatives(n);
    for (size_t i = 0; i < n; ++i) {
      scores[i] = static_cast<double>(rng.below(5));
      positives[i] = static_cast<double>(rng.below(3));
      negatives[i] = rng.uniform();
    }
    positives[0] = 1;
    double right = 0;
    double pairs = 0;
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        const double weight = positives[i] * negatives[j];
        right += weight * (scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0);
        pairs += weight;
      }
    }
    EXPECT_NEAR(RankedScores(scores).roc_auc(positives, negatives), right / pairs, 1e-12);
  }
  EXPECT_TRUE(std::isnan(roc_auc(std::vector<double>{1, 2}, std::vector<uint8_t>{1, 1})));
  EXPECT_EQ(average_precision(std::vector<double>{1, 2}, std::vector<uint8_t>{0, 0}), 0);
  EXPECT_THROW(RankedScores(std::vector<double>{NAN}), Error);
}

TEST(Regression, AgreesWithScikitLearn) {
  const Json& one = golden()["numbers"];
  const auto targets = doubles(one["targets"]);
  const auto predicted = doubles(one["predicted"]);
  for (const char* key : {"plain", "weighted"}) {
    const auto weights = key[0] == 'w' ? doubles(one["weights"]) : std::vector<double>();
    expect_same(root_mean_squared_error(targets, predicted, weights), one[key]["rmse"]);
    expect_same(mean_absolute_error(targets, predicted, weights), one[key]["mae"]);
    expect_same(r_squared(targets, predicted, weights), one[key]["r2"]);
    expect_same(pinball_loss(targets, predicted, 0.2, weights), one[key]["pinball"]);
  }
  const std::vector<double> flat = {2, 2};
  EXPECT_EQ(r_squared(flat, flat), 1);
  EXPECT_EQ(r_squared(flat, std::vector<double>{2, 3}), 0);
  const Estimate inside =
      interval_coverage(flat, std::vector<double>{1, 2.5}, std::vector<double>{2, 3});
  EXPECT_EQ(inside.value, 0.5);
  EXPECT_EQ(inside.method, "wilson");
  EXPECT_THROW(interval_coverage(flat, std::vector<double>{3, 0}, flat), Error);
  EXPECT_THROW(mean_absolute_error(flat, std::vector<double>{1}), Error);
  EXPECT_THROW(mean_absolute_error(flat, std::vector<double>{1, NAN}), Error);
}

TEST(MultiLabel, AgreesWithScikitLearn) {
  const Json& one = golden()["label_sets"];
  const auto truth = one["truth"].get<std::vector<uint8_t>>();
  const auto predicted = one["predicted"].get<std::vector<uint8_t>>();
  const LabelSets a{truth, 5};
  const LabelSets b{predicted, 5};
  for (const char* key : {"plain", "weighted"}) {
    const auto weights = key[0] == 'w' ? doubles(one["weights"]) : std::vector<double>();
    for (const auto& [name, average] : averages)
      expect_scores(multi_label_scores(a, b, average, weights), one[key]["averages"][name]);
    expect_same(hamming_loss(a, b, weights), one[key]["hamming"]);
    expect_same(subset_accuracy(a, b, weights), one[key]["subset"]);
  }
  EXPECT_THROW(hamming_loss(a, {predicted, 4}), Error);
}

// The golden inputs of the research notes.
static double u(size_t i, double s) {
  return std::fmod(static_cast<double>(i + 1) * 0.6180339887498949 + s, 1.0);
}

struct Binary {
  std::vector<double> scores;
  std::vector<uint8_t> positive;
  Binary() {
    for (size_t i = 0; i < 2000; ++i) {
      scores.push_back(u(i, 0.3));
      positive.push_back(u(7 * i + 3, 0.77) < std::pow(scores.back(), 1.5));
    }
  }
};

TEST(ClassCalibration, HasTheGoldenErrors) {
  const Binary g4;
  std::vector<double> top;
  std::vector<uint8_t> right;
  for (size_t i = 0; i < g4.scores.size(); ++i) {
    top.push_back(std::max(g4.scores[i], 1 - g4.scores[i]));
    right.push_back((g4.scores[i] >= 0.5) == (g4.positive[i] != 0));
  }
  // Printed with 12 digits.
  EXPECT_NEAR(roc_auc(g4.scores, g4.positive), 0.857436283281, 1e-12);
  EXPECT_NEAR(average_precision(g4.scores, g4.positive), 0.811633384294, 1e-12);
  EXPECT_NEAR(expected_calibration_error(top, right, {}, 15), 0.158433755587, 1e-12);
  EXPECT_NEAR(expected_calibration_error(top, right, {}, 10), 0.096016161481, 1e-12);
  EXPECT_NEAR(expected_calibration_error(g4.scores, g4.positive, {}, 10), 0.135730244550, 1e-12);
  EXPECT_NEAR(adaptive_calibration_error(g4.scores, g4.positive, 10), 0.136231370699, 1e-12);
}

TEST(ClassCalibration, IsTheMeanOfTheClassesErrors) {
  Rng rng(5);
  std::vector<double> p;
  std::vector<int32_t> labels;
  std::vector<double> weights;
  for (int i = 0; i < 60; ++i) {
    const double a = rng.uniform() / 2, b = rng.uniform() / 2;
    p.insert(p.end(), {a, b, 1 - a - b});
    labels.push_back(static_cast<int32_t>(rng.below(3)));
    weights.push_back(static_cast<double>(rng.below(3)));
  }
  const DoubleView view{60, 3, p.data()};
  double sum = 0;
  for (int32_t k = 0; k < 3; ++k) {
    // Repeating a row as often as its weight says is the same.
    std::vector<double> confidences;
    std::vector<uint8_t> right;
    for (size_t i = 0; i < 60; ++i) {
      for (double w = 0; w < weights[i]; ++w) {
        confidences.push_back(view.row(i)[static_cast<size_t>(k)]);
        right.push_back(labels[i] == k);
      }
    }
    sum += expected_calibration_error(confidences, right, 15);
  }
  EXPECT_NEAR(classwise_calibration_error(labels, view, 15, weights), sum / 3, 1e-12);
}

TEST(DebiasedCalibration, IsTheFormulaAndLosesTheBiasOfFewRows) {
  // Two bins of three by hand: gaps 0.5 and 0.8 - 2/3; variances 0 and (2/9) / 2.
  const std::vector<double> confidences = {0.5, 0.5, 0.5, 0.8, 0.8, 0.8};
  const std::vector<uint8_t> right = {0, 0, 0, 1, 1, 0};
  const double gap = 0.8 - 2.0 / 3;
  EXPECT_NEAR(debiased_calibration_error(confidences, right, 2),
              std::sqrt((0.25 + gap * gap - 1.0 / 9) / 2), 1e-12);
  // Calibrated confidences of 150 rows: the mean square over 300 samples is about 0, the plain
  // error is not.
  Rng rng(6);
  double debiased = 0;
  double plain = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<double> p(150);
    std::vector<uint8_t> y(150);
    for (size_t i = 0; i < 150; ++i) {
      p[i] = rng.uniform();
      y[i] = rng.uniform() < p[i];
    }
    debiased += debiased_calibration_error(p, y) / 300;
    plain += expected_calibration_error(p, y) / 300;
  }
  EXPECT_GT(plain, 0.08);
  EXPECT_LT(debiased, plain / 2);
}

TEST(Cbpe, HasTheGoldenEstimates) {
  const Binary g4;
  const auto calibrated = doubles(golden()["isotonic"]["calibrated"]);
  std::vector<double> p;
  std::vector<int32_t> predicted;
  for (size_t i = 0; i < calibrated.size(); ++i) {
    p.insert(p.end(), {1 - calibrated[i], calibrated[i]});
    predicted.push_back(g4.scores[i] >= 0.5);
  }
  const auto all = cbpe({calibrated.size(), 2, p.data()}, predicted, {.scores = g4.scores});
  // accuracy, precision, recall, f1, specificity, AUC, AP as NannyML has them; it rounds the areas'
  // steps to five decimals.
  const double expected[] = {0.786902097902, 0.686588686589, 0.858450685735, 0.762961176754,
                             0.739302329644, 0.894929027646, 0.862460206296};
  ASSERT_EQ(all.size(), 7u);
  for (size_t at = 0; at < 7; ++at) {
    EXPECT_NEAR(all[at].estimate.value, expected[at], at < 5 ? 1e-11 : 2e-5) << all[at].name;
    EXPECT_LT(all[at].estimate.ci_low, all[at].estimate.value);
    EXPECT_GT(all[at].estimate.ci_high, all[at].estimate.value);
  }
}

TEST(Cbpe, IntervalHoldsTheMetricThatLabelsShow) {
  Rng rng(8);
  int covered[4] = {};
  const int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> p;
    std::vector<int32_t> predicted;
    std::vector<int32_t> labels;
    for (int i = 0; i < 100; ++i) {
      double a = rng.uniform(), b = rng.uniform(), c = rng.uniform();
      const double sum = a + b + c;
      p.insert(p.end(), {a / sum, b / sum, c / sum});
      predicted.push_back(a >= b && a >= c ? 0 : b >= c ? 1 : 2);
      const double point = rng.uniform() * sum;
      labels.push_back(point < a ? 0 : point < a + b ? 1 : 2);
    }
    const auto all = cbpe({100, 3, p.data()}, predicted,
                          {.seed = static_cast<uint64_t>(round), .simulations = 200});
    const Confusion table = confusion(labels, predicted, 3);
    const Scores scores = average_scores(table, Average::macro);
    const double truth[] = {accuracy(table), scores.precision, scores.recall, scores.f1};
    for (size_t at = 0; at < 4; ++at) {
      const Estimate& e = all[at].estimate;
      covered[at] += e.ci_low <= truth[at] && truth[at] <= e.ci_high;
    }
  }
  // The standard error of 0.95 over 300 rounds is 0.013.
  for (const int count : covered) EXPECT_GE(count / double{rounds}, 0.91);
}

TEST(Cbpe, RefusesWhatIsNoDistribution) {
  const std::vector<double> p = {0.5, 0.2};
  EXPECT_THROW(cbpe({1, 2, p.data()}, std::vector<int32_t>{0}), Error);
  const std::vector<double> q = {0.5, 0.5};
  EXPECT_THROW(cbpe({1, 2, q.data()}, std::vector<int32_t>{2}), Error);
  EXPECT_THROW(cbpe({1, 2, q.data()}, std::vector<int32_t>{0, 0}), Error);
  EXPECT_THROW(cbpe({}, {}), Error);
}

}  // namespace querist::metrics
