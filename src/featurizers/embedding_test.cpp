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

TEST(Embedding, KeepsTheNumbersOfFloat16FilesInHalfTheBytes) {
  const std::vector<Payload> rows = {{.embedding = {1.5f, -0.25f, 7}}, {.embedding = {3, 0, 9}}};
  const Fitted half = fit_rows(rows);
  EXPECT_TRUE(half.is_half);
  EXPECT_EQ(half.description["precision"], "float16");
  EXPECT_EQ(half.transform(rows).dense.values, (std::vector<float>{1.5f, -0.25f, 7, 3, 0, 9}));
  const Fitted again = find("embedding").load(half.save());
  EXPECT_TRUE(again.is_half);
  // Rows that come later are rounded the same way for training and for serving.
  const std::vector<Payload> later = {{.embedding = {0.1f, 1e6f, -1e6f}}};
  const auto values = again.transform(later).dense.values;
  EXPECT_EQ(values, half.transform(later).dense.values);
  EXPECT_EQ(values[0], half_to_float(float_to_half(0.1f)));
  EXPECT_EQ(values[1], 65'504);
  EXPECT_EQ(values[2], -65'504);
  EXPECT_FALSE(fit_rows({{.embedding = {0.1f}}}).is_half) << "rounding would change it";
  EXPECT_FALSE(fit_rows({{.embedding = {1, 2}}, {.embedding = {9, 30}}}).is_half) << "counts";
  EXPECT_FALSE(find("embedding").load(fit_rows({{.embedding = {0.1f}}}).save()).is_half);
}

TEST(Embedding, FitsToASurveyAsToThePayloads) {
  const Featurizer& card = find("embedding");
  const std::vector<Payload> table = {
      {.embedding = {3, 4}}, {.embedding = {1}},          {.embedding = {0.5f, 0.25f}},
      {.embedding = {0, 5}}, {.embedding = {0.1f, 0.2f}}, {.embedding = {1e30f, 1e30f}},
      {.embedding = {5, 0}}, {.embedding = {}},           {.embedding = {NAN, 1}}};
  const auto survey = card.survey(table);
  for (const std::vector<int64_t>& rows :
       {std::vector<int64_t>{0, 3}, {0, 3, 6}, {2}, {0, 2, 4}, {5, 0}, {0, 1}, {7}, {0, 8}, {}}) {
    const auto fitted = [&](bool surveyed) -> std::string {
      FitInput input;
      input.payloads = [&](const auto& use) {
        for (const int64_t row : rows) use({&table[static_cast<size_t>(row)], 1});
      };
      if (surveyed) input.survey = survey;
      input.surveyed_rows = rows;
      try {
        return card.fit(input, Params(card.params), 1, Progress()).save();
      } catch (const Error& error) {
        return error.what();
      }
    };
    EXPECT_EQ(fitted(true), fitted(false));
  }
}

TEST(Embedding, RefusesWhatItCannotFit) {
  EXPECT_THROW(fit_rows({}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {}}}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {1, 2}}, {.embedding = {1}}}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {1, NAN}}}), Error);
  EXPECT_THROW(fit_rows({{.embedding = {1, INFINITY}}}), Error);
}

}  // namespace querist::featurizers
