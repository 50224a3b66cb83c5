// Slices against a search that looks at every row of every slice; tests against SciPy and
// statsmodels (tests/golden/slices.json); false findings where nothing is to be found.
#include "metrics/slices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "metrics/two_groups.h"

namespace querist::metrics {

static const Json& golden() {
  static const Json all = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/slices.json"));
  return all;
}

// Both sides are computed in double: only the last digits may differ.
static void expect_close(double actual, double expected) {
  EXPECT_NEAR(actual, expected, 1e-9 * std::max(1.0, std::abs(expected)));
}

TEST(TwoGroups, AgreeWithStatsmodelsOnShares) {
  for (const Json& row : golden()["shares"]) {
    const auto result = compare_shares(row[0], row[1], row[2], row[3]);
    expect_close(result.difference.value, row[4]);
    expect_close(result.difference.ci_low, row[5]);
    expect_close(result.difference.ci_high, row[6]);
    EXPECT_NEAR(result.p_value, row[7], 1e-9 * row[7].get<double>());  // Of a tail near 0 as well.
  }
}

TEST(TwoGroups, AgreeWithSciPyOnMeans) {
  for (const Json& one : golden()["means"]) {
    const auto first = one["first"].get<std::vector<double>>();
    const auto second = one["second"].get<std::vector<double>>();
    const auto result = compare_means(first, second);
    expect_close(result.difference.value, one["difference"]);
    expect_close(result.difference.ci_low, one["ci_low"]);
    expect_close(result.difference.ci_high, one["ci_high"]);
    expect_close(result.p_value, one["p_value"]);
  }
  const std::vector<double> ones(3, 1.0), twos(4, 2.0);
  EXPECT_EQ(compare_means(twos, ones).p_value, 0);
  EXPECT_EQ(compare_means(ones, twos).p_value, 1);
  EXPECT_THROW(compare_means(ones, std::vector<double>{1}), Error);
}

TEST(BenjaminiHochberg, AgreesWithSciPy) {
  const auto p_values = golden()["adjusted"]["p_values"].get<std::vector<double>>();
  const auto q_values = benjamini_hochberg(p_values);
  for (size_t i = 0; i < q_values.size(); ++i)
    expect_close(q_values[i], golden()["adjusted"]["q_values"][i]);
  EXPECT_TRUE(benjamini_hochberg({}).empty());
}

static std::vector<SliceColumn> random_columns(Rng& rng, size_t rows) {
  std::vector<SliceColumn> columns(1 + rng.below(4));
  for (SliceColumn& column : columns) {
    const size_t values = 1 + rng.below(4);
    for (size_t v = 0; v < values; ++v) column.values.push_back(std::to_string(v));
    for (size_t i = 0; i < rows; ++i)
      column.codes.push_back(static_cast<int32_t>(rng.below(values + 1)) - 1);
  }
  return columns;
}

static bool lies_in(const std::vector<SliceColumn>& columns,
                    const std::vector<SliceCondition>& conditions, size_t row) {
  for (const auto& c : conditions) {
    if (columns[c.column].codes[row] != c.value) return false;
  }
  return true;
}

// All slices of one or two conditions that have enough rows, by looking at every row for each.
static std::vector<Slice> brute_force(const std::vector<double>& losses,
                                      const std::vector<SliceColumn>& columns, int64_t support,
                                      bool shares) {
  std::vector<std::vector<SliceCondition>> candidates;
  std::vector<SliceCondition> singles;
  for (size_t c = 0; c < columns.size(); ++c) {
    for (size_t v = 0; v < columns[c].values.size(); ++v)
      singles.push_back({c, static_cast<int32_t>(v)});
  }
  for (const auto& one : singles) candidates.push_back({one});
  for (const auto& one : singles) {
    for (const auto& other : singles) {
      if (one.column < other.column) candidates.push_back({one, other});
    }
  }
  const auto rows_of = [&](const std::vector<SliceCondition>& conditions) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < losses.size(); ++i) {
      if (lies_in(columns, conditions, i)) rows.push_back(i);
    }
    return rows;
  };
  std::vector<Slice> slices;
  for (const auto& conditions : candidates) {
    const auto rows = rows_of(conditions);
    const auto in = static_cast<int64_t>(rows.size());
    const auto out = static_cast<int64_t>(losses.size()) - in;
    if (in < support || out < support) continue;
    const bool same = conditions.size() == 2 &&
                      (rows == rows_of({conditions[0]}) || rows == rows_of({conditions[1]}));
    if (same) continue;
    std::vector<double> inside, outside;
    double hits = 0, others = 0;
    for (size_t i = 0; i < losses.size(); ++i) {
      const bool is = lies_in(columns, conditions, i);
      (is ? inside : outside).push_back(losses[i]);
      (is ? hits : others) += losses[i];
    }
    const auto against = shares ? compare_shares(std::lround(hits), in, std::lround(others), out)
                                : compare_means(inside, outside);
    slices.push_back({conditions, in, hits / static_cast<double>(in),
                      others / static_cast<double>(out), against.difference, against.p_value, 1});
  }
  std::vector<double> p_values;
  for (const Slice& slice : slices) p_values.push_back(slice.p_value);
  const auto q_values = benjamini_hochberg(p_values);
  for (size_t i = 0; i < slices.size(); ++i) slices[i].q_value = q_values[i];
  return slices;
}

TEST(Slices, AreThoseOfASearchThroughEveryRow) {
  size_t compared = 0;
  for (uint64_t shape = 0; shape < 200; ++shape) {
    Rng rng(mix_seed(5, shape));
    const size_t rows = rng.below(120);
    const auto columns = random_columns(rng, rows);
    const bool shares = shape % 2 == 0;
    std::vector<double> losses(rows);
    for (double& loss : losses) loss = shares ? rng.uniform() < 0.3 : -std::log(1 - rng.uniform());
    const auto support = static_cast<int64_t>(2 + rng.below(12));
    const auto found = find_slices(losses, columns, {.support = support});
    const auto expected = brute_force(losses, columns, support, shares);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i + 1 < found.size(); ++i)
      EXPECT_GE(found[i].difference.ci_low, found[i + 1].difference.ci_low);
    for (const Slice& slice : expected) {
      const auto at = std::find_if(found.begin(), found.end(), [&](const Slice& other) {
        return other.conditions == slice.conditions;
      });
      ASSERT_NE(at, found.end());
      EXPECT_EQ(at->rows, slice.rows);
      expect_close(at->loss, slice.loss);
      expect_close(at->rest_loss, slice.rest_loss);
      expect_close(at->difference.ci_low, slice.difference.ci_low);
      expect_close(at->p_value, slice.p_value);
      expect_close(at->q_value, slice.q_value);
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000u);
}

// With nothing to find every finding is false, so the chance of any at all must not exceed q. 400
// data sets: 0.05 and three standard errors of that share, 0.033.
static double share_with_findings(bool shares) {
  int with_findings = 0;
  const int sets = 400;
  for (uint64_t set = 0; set < sets; ++set) {
    Rng rng(mix_seed(shares ? 6 : 7, set));
    std::vector<double> losses(300);
    for (double& loss : losses) loss = shares ? rng.uniform() < 0.15 : -std::log(1 - rng.uniform());
    std::vector<SliceColumn> columns(4);
    for (SliceColumn& column : columns) {
      column.values = {"a", "b", "c"};
      for (size_t i = 0; i < losses.size(); ++i)
        column.codes.push_back(static_cast<int32_t>(rng.below(3)));
    }
    bool any = false;
    for (const Slice& slice : find_slices(losses, columns)) any = any || slice.q_value <= 0.05;
    with_findings += any;
  }
  return with_findings / static_cast<double>(sets);
}

TEST(Slices, FindFewWhereThereIsNothing) {
  EXPECT_LE(share_with_findings(true), 0.083);
  EXPECT_LE(share_with_findings(false), 0.083);
}

TEST(Slices, FindAPlantedPair) {
  Rng rng(8);
  std::vector<double> losses;
  std::vector<SliceColumn> columns(3);
  for (SliceColumn& column : columns) column.values = {"a", "b"};
  for (int i = 0; i < 600; ++i) {
    for (SliceColumn& column : columns) column.codes.push_back(static_cast<int32_t>(rng.below(2)));
    const bool planted = columns[0].codes.back() == 1 && columns[2].codes.back() == 0;
    losses.push_back(rng.uniform() < (planted ? 0.5 : 0.05));
  }
  const auto found = find_slices(losses, columns);
  EXPECT_EQ(found.front().conditions, (std::vector<SliceCondition>{{0, 1}, {2, 0}}));
  EXPECT_LT(found.front().q_value, 1e-9);
  EXPECT_GT(found.front().difference.ci_low, 0.3);
}

TEST(SliceColumns, CutNumbersIntoBinsOfEqualCount) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> numbers = {8, 1, none, 2, 3, 4, 5, 6, 7};
  const auto column = binned_column("age", numbers, 4);
  EXPECT_EQ(column.values, (std::vector<std::string>{"up to 2", "over 2 up to 4", "over 4 up to 6",
                                                     "over 6", "(missing)"}));
  EXPECT_EQ(column.codes, (std::vector<int32_t>{3, 0, 4, 0, 1, 1, 2, 2, 3}));
  const auto tied = binned_column("age", std::vector<double>{1, 1, 1, 1, 1, 2}, 4);
  EXPECT_EQ(tied.values, (std::vector<std::string>{"up to 1", "over 1"}));
  EXPECT_EQ(binned_column("age", std::vector<double>{3, 3}, 4).values.size(), 1u);
}

TEST(SliceColumns, TellNumbersFromCategories) {
  const std::vector<std::string> numbers = {"1", "2", "3", "4.5", " 5", ""};
  EXPECT_EQ(inferred_column("x", numbers).values.back(), "(missing)");
  EXPECT_EQ(inferred_column("x", numbers).values.front(), "up to 2");
  const std::vector<std::string> few = {"1", "2", "1", "2", "1"};
  EXPECT_EQ(inferred_column("x", few).values, (std::vector<std::string>{"1", "2"}));
  const std::vector<std::string> words = {"1", "2", "3", "4", "5", "red", ""};
  EXPECT_EQ(inferred_column("x", words).values,
            (std::vector<std::string>{"(missing)", "1", "2", "3", "4", "5", "red"}));
}

TEST(Slices, RefuseColumnsOfOtherRows) {
  const std::vector<double> losses = {0, 1, 0};
  const SliceColumn column{"x", {"a"}, {0, 0}};
  EXPECT_THROW(find_slices(losses, std::vector{column}), Error);
}

}  // namespace querist::metrics
