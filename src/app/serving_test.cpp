// What the loop trained on and what serving makes of the same payloads is the same, bit for bit.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "serving/deployment.h"

namespace querist::app {

using loop::Bench;

static void expect_one_featurizer(PayloadKind payload, NewExample (*make)(int),
                                  int fitted_on = 120) {
  Bench bench;
  bench.add(payload, make, 0, fitted_on);
  bench.workshop().features(bench.quiet());
  if (fitted_on < 120) bench.add(payload, make, fitted_on, 120);
  run_rounds(bench, 3);
  const auto view = bench.workshop().features(bench.quiet());
  std::vector<int64_t> rows(view.rows);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const OwnedFeatures trained = take_rows(view.features, rows);
  std::vector<Payload> payloads;  // As they came, not as they were stored.
  for (int i = 0; i < 120; ++i) payloads.push_back(make(i).payload);

  serving::Deployments deployments(bench.store());
  const auto deployment = deployments.of_alias(bench.project(), "champion");
  const auto served = deployment->featurizer.transform(payloads);
  ASSERT_EQ(served.is_sparse, trained.is_sparse);
  EXPECT_EQ(served.dense.values, trained.dense.values);
  EXPECT_EQ(served.sparse.values, trained.sparse.values);
  EXPECT_EQ(served.sparse.columns, trained.sparse.columns);
  EXPECT_EQ(served.sparse.offsets, trained.sparse.offsets);

  const auto model = bench.workshop().load_model(deployment->version);
  Matrix expected;
  model.model->probabilities(view.features, expected);
  EXPECT_EQ(serving::predict(*deployment, payloads).probabilities.values, expected.values);
}

TEST(TrainingAndServing, ReadTextsAlike) {
  expect_one_featurizer(PayloadKind::text, loop::generated_text);
}

TEST(TrainingAndServing, ReadTableRowsAlike) {
  expect_one_featurizer(PayloadKind::columns, loop::generated_row);
}

TEST(TrainingAndServing, ReadEmbeddingsAlike) {
  expect_one_featurizer(PayloadKind::embedding, loop::generated_embedding);
}

TEST(TrainingAndServing, ReadHalfEmbeddingsAlike) {
  expect_one_featurizer(PayloadKind::embedding, loop::generated_half_embedding);
  Bench bench;
  bench.add(PayloadKind::embedding, loop::generated_half_embedding, 0, 40);
  const auto view = bench.workshop().features(bench.quiet());
  EXPECT_EQ(view.features.kind, Features::Kind::half);
  EXPECT_EQ(view.geometry.kind, Features::Kind::half);
}

// Numbers that float16 does not have, after a fit on numbers that it has: rounded on both sides.
TEST(TrainingAndServing, ReadEmbeddingsAlikeThatGetFinerLater) {
  const auto finer_later = [](int i) {
    return i < 60 ? loop::generated_half_embedding(i) : loop::generated_embedding(i);
  };
  expect_one_featurizer(PayloadKind::embedding, finer_later, 60);
}

TEST(TrainingAndServing, SuggestWhatTheServedModelSays) {
  Bench bench;
  bench.add_texts(0, 120);
  run_rounds(bench, 2);
  bench.turn();
  const auto selection = bench.selections().back();
  serving::Deployments deployments(bench.store());
  const auto deployment = deployments.of_version(bench.project(), selection.model_version.value());
  for (const SelectionItem& item : selection.items) {
    const std::vector<int64_t> row = {item.row};
    const auto payloads = storage::payloads(bench.store(), bench.project().id, row);
    EXPECT_EQ(serving::predict(*deployment, payloads).labels[0], item.prediction);
  }
}

}  // namespace querist::app
