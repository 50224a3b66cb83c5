// Two stored versions side by side, against what each says of every audit example.
#include "loop/comparison.h"

#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/model_rows.h"
#include "metrics/decision.h"
#include "metrics/paired_tests.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static std::vector<uint8_t> right_of(Bench& bench, int64_t version, int64_t labels_of) {
  const auto rows = loop::model_rows(bench.workshop(), version, bench.quiet());
  const auto audit = loop::model_rows(bench.workshop(), labels_of, bench.quiet()).audit;
  const auto predicted = metrics::decide(
      loop::predict_rows(*rows.model.model, rows.view, audit.rows), rows.model.class_weights);
  std::vector<uint8_t> right;
  for (size_t i = 0; i < predicted.size(); ++i) right.push_back(predicted[i] == audit.ids[i]);
  return right;
}

TEST(Comparison, CountsWhoIsRightWhereTheOtherIsWrong) {
  Bench bench(Json{
      {"strategy", "random"}, {"batch_size", 40}, {"audit_share", 0.5}, {"decision_metric", "f1"}});
  bench.add_texts(0, 400);
  run_rounds(bench, 7);
  bench.turn();
  const int64_t last = storage::latest_model(bench.store(), bench.project().id)->version;
  const auto of = [&](int64_t a, int64_t b) {
    return loop::comparison(bench.workshop(), a, b, bench.quiet());
  };
  const Json report = of(last, 1);
  const auto ours = right_of(bench, last, last), theirs = right_of(bench, 1, last);
  int64_t only_ours = 0, only_theirs = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    only_ours += ours[i] && !theirs[i];
    only_theirs += theirs[i] && !ours[i];
  }
  ASSERT_GT(only_ours, 0);
  EXPECT_EQ(report["audit_labels"], ours.size()) << "of the first version, all labelled later";
  EXPECT_EQ(report["only_right"], only_ours);
  EXPECT_EQ(report["only_against_right"], only_theirs);
  EXPECT_NEAR(report["difference"]["value"].get<double>(),
              static_cast<double>(only_ours - only_theirs) / static_cast<double>(ours.size()),
              1e-12);
  EXPECT_EQ(report["p_value"], metrics::mcnemar_exact(only_ours, only_theirs).p_value);
  EXPECT_NEAR(report["log_loss_difference"]["value"].get<double>(),
              report["log_loss"].get<double>() - report["against_log_loss"].get<double>(), 1e-9);
  const Json turned = of(1, last);
  EXPECT_EQ(turned["p_value"], report["p_value"]);
  EXPECT_EQ(turned["accuracy"], report["against_accuracy"]);
  EXPECT_EQ(turned["difference"]["value"], -report["difference"]["value"].get<double>());
}

TEST(Comparison, SaysWhyItCannot) {
  Bench bench(Json{{"strategy", "random"}, {"batch_size", 20}, {"audit_share", 0}});
  bench.add_texts(0, 100);
  run_rounds(bench, 3);
  bench.turn();
  const auto code_of = [&](int64_t a, int64_t b) {
    try {
      loop::comparison(bench.workshop(), a, b, bench.quiet());
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  EXPECT_EQ(code_of(1, 1), Code::invalid_argument);
  EXPECT_EQ(code_of(1, 99), Code::not_found);
  EXPECT_EQ(code_of(2, 1), Code::conflict) << "there is no audit label";
}

TEST(Comparison, ReadsVersionsOfAnOlderFeaturizer) {
  Bench bench(Json{{"strategy", "random"}, {"batch_size", 40}, {"audit_share", 0.5}});
  bench.add_texts(0, 300);
  run_rounds(bench, 3);
  bench.set({{"featurizer", "tfidf(char_max=0)"}});
  bench.turn(true);
  const auto last = *storage::latest_model(bench.store(), bench.project().id);
  ASSERT_GT(last.featurizer_version, 1);
  const Json report = loop::comparison(bench.workshop(), last.version, 1, bench.quiet());
  EXPECT_EQ(report["audit_labels"], last.metrics["audit_labels"]);
  EXPECT_EQ(report["accuracy"]["value"], last.metrics["accuracy"]["value"]);
}

}  // namespace querist::app
