// Metrics, distributions, intervals and tests against scikit-learn, SciPy and statsmodels
// (tests/golden/metrics.json).
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "metrics/agreement.h"
#include "metrics/classification.h"
#include "metrics/distributions.h"
#include "metrics/intervals.h"
#include "metrics/paired_tests.h"

namespace querist::metrics {

static const Json& golden() {
  static const Json all = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/metrics.json"));
  return all;
}

// Both sides are computed in double: only the last digits may differ.
static void expect_close(double actual, double expected, double tolerance = 1e-9) {
  EXPECT_NEAR(actual, expected, tolerance * std::max(1.0, std::abs(expected)));
}

TEST(Classification, AgreesWithScikitLearn) {
  const Json& one = golden()["classification"];
  const auto labels = one["labels"].get<std::vector<int32_t>>();
  const auto predicted = one["predicted"].get<std::vector<int32_t>>();
  Matrix p(labels.size(), 4);
  p.values = one["probabilities"].get<std::vector<float>>();
  expect_close(accuracy(labels, predicted), one["accuracy"]);
  expect_close(balanced_accuracy(labels, predicted, 4), one["balanced_accuracy"]);
  expect_close(log_loss(labels, p), one["log_loss"], 1e-6);  // Float probabilities.
  expect_close(brier_score(labels, p), one["brier"], 1e-6);
  expect_close(cohen_kappa(labels, predicted), one["kappa"]);
  EXPECT_EQ(confusion_matrix(labels, predicted, 4), one["confusion"].get<std::vector<int64_t>>());
  EXPECT_EQ(likeliest(p), predicted);
  const auto scores = class_scores(labels, predicted, 4);
  for (size_t k = 0; k < 4; ++k) {
    expect_close(scores[k].precision, one["precision"][k]);
    expect_close(scores[k].recall, one["recall"][k]);
    expect_close(scores[k].f1, one["f1"][k]);
    EXPECT_EQ(scores[k].support, one["support"][k].get<int64_t>());
  }
}

TEST(Distributions, AgreeWithSciPy) {
  for (const Json& one : golden()["normal_quantile"]) {
    expect_close(normal_quantile(one[0]), one[1], 1e-13);
    expect_close(normal_cdf(one[1]), one[0], 1e-13);
  }
  for (const Json& one : golden()["student_t_quantile"]) {
    expect_close(student_t_quantile(one[0], one[1]), one[2], 1e-8);
    expect_close(student_t_cdf(one[2], one[1]), one[0], 1e-10);
  }
  for (const Json& one : golden()["incomplete_beta"]) {
    expect_close(incomplete_beta(one[0], one[1], one[2]), one[3], 1e-10);
  }
  for (const Json& one : golden()["binomial_cdf"]) {
    expect_close(binomial_cdf(one[0], one[1], one[2]), one[3], 1e-10);
  }
}

TEST(Intervals, WilsonAgreesWithStatsmodels) {
  for (const Json& one : golden()["wilson"]) {
    const Estimate e = wilson_interval(one["successes"], one["trials"], one["confidence"]);
    expect_close(e.ci_low, one["interval"][0]);
    expect_close(e.ci_high, one["interval"][1]);
    EXPECT_EQ(e.method, "wilson");
  }
}

TEST(Intervals, StudentAgreesWithSciPy) {
  const Json& one = golden()["student_t_interval"];
  const Estimate e = student_t_interval(one["values"].get<std::vector<double>>());
  expect_close(e.ci_low, one["interval"][0]);
  expect_close(e.ci_high, one["interval"][1]);
}

TEST(Intervals, BootstrapsAgreeWithSciPyUpToTheirResampling) {
  const Json& one = golden()["bootstrap"];
  const auto values = one["values"].get<std::vector<double>>();
  const Statistic average = [&](std::span<const size_t> rows) {
    double sum = 0;
    for (const size_t row : rows) sum += values[row];
    return sum / static_cast<double>(rows.size());
  };
  // A quantile of 20,000 draws has a standard error of about 0.003 here; four of them.
  const Estimate bca = bca_interval(values.size(), average, 7, 20'000);
  EXPECT_NEAR(bca.ci_low, one["bca"][0].get<double>(), 0.012);
  EXPECT_NEAR(bca.ci_high, one["bca"][1].get<double>(), 0.02);
  const Estimate plain = bootstrap_interval(values.size(), average, 7, 20'000);
  EXPECT_NEAR(plain.ci_low, one["percentile"][0].get<double>(), 0.012);
  EXPECT_NEAR(plain.ci_high, one["percentile"][1].get<double>(), 0.012);
  // The skewed sample tells the two apart by more than the tolerance.
  EXPECT_GT(bca.ci_high - plain.ci_high, 0.02);
  const Estimate again = bca_interval(values.size(), average, 7, 20'000);
  EXPECT_EQ(again.ci_low, bca.ci_low);
}

TEST(PairedTests, WilcoxonAgreesWithSciPy) {
  for (const Json& one : golden()["wilcoxon"]) {
    const TestResult result = wilcoxon_signed_rank(one["differences"].get<std::vector<double>>());
    expect_close(result.statistic, one["statistic"]);
    expect_close(result.p_value, one["p_value"]);
  }
}

TEST(PairedTests, McNemarAgreesWithStatsmodels) {
  for (const Json& one : golden()["mcnemar"]) {
    expect_close(mcnemar_exact(one[0].get<int64_t>(), one[1].get<int64_t>()).p_value, one[2]);
  }
}

TEST(PairedTests, SignFlipAgreesWithSciPy) {
  const Json& one = golden()["sign_flip"];
  const auto differences = one["differences"].get<std::vector<double>>();
  expect_close(sign_flip_test(differences, 0).p_value, one["p_value"]);
}

}  // namespace querist::metrics
