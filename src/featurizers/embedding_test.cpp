// Embeddings pass through; only their length may change.
#include <gtest/gtest.h>

#include <cmath>

#include "featurizers/featurizer.h"

namespace querist::featurizers {

static Fitted fit_rows(const std::vector<Payload>& rows, const char* normalize = "auto") {
  Params params(find("embedding").params);
  params.set("normalize", normalize);
  return find("embedding")
      .fit({.payloads = [&](const auto& use) { use(rows); }, .columns = {}}, params, 1, Progress());
}

TEST(Embedding, PassesRowsThroughBitForBit) {
  const std::vector<Payload> rows = {{.embedding = {1, 2, 0.1f}}, {.embedding = {-100, 5, 0}}};
  const Matrix out = fit_rows(rows).transform(rows).dense;
  EXPECT_EQ(out.values, (std::vector<float>{1, 2, 0.1f, -100, 5, 0}));
}

TEST(Embedding, BringsNearlyEqualLengthsToUnitLengthUnlessTold) {
  const std::vector<Payload> rows = {{.embedding = {3, 4}}, {.embedding = {0, 5}}};
  EXPECT_EQ(fit_rows(rows).transform(rows).dense.values, (std::vector<float>{0.6f, 0.8f, 0, 1}));
  EXPECT_EQ(fit_rows(rows, "none").transform(rows).dense.values, (std::vector<float>{3, 4, 0, 5}));
  const std::vector<Payload> apart = {{.embedding = {3, 4}}, {.embedding = {0, 50}}};
  EXPECT_EQ(fit_rows(apart).transform(apart).dense.values, (std::vector<float>{3, 4, 0, 50}));
  EXPECT_EQ(fit_rows(apart, "unit").transform(apart).dense.values,
            (std::vector<float>{0.6f, 0.8f, 0, 1}));
}

TEST(Embedding, RemembersWhetherRowsWereUnit) {
  EXPECT_EQ(fit_rows({{.embedding = {0.6f, 0.8f}}}).description["unit_length_at_fit"], true);
  EXPECT_EQ(fit_rows({{.embedding = {0.6f, 0.9f}}}).description["unit_length_at_fit"], false);
}

TEST(Embedding, RefusesWhatItCannotFit) {
  EXPECT_THROW(fit_rows({}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {}}}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {1, 2}}, {.embedding = {1}}}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {1, NAN}}}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {1, INFINITY}}}), Error);
}

}  // namespace querist::featurizers
