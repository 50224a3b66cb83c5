// The expected entropies on every supported kind of processor against sums written out in double.
#include "kernels/expected_entropy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

// `rows` distributions over `size`, of all degrees of certainty, some with zeros.
static std::vector<double> distributions(size_t rows, size_t size, Rng& rng) {
  std::vector<double> out(rows * size);
  for (size_t i = 0; i < rows; ++i) {
    const double sharpness = 6 * rng.uniform();
    double sum = 0;
    for (size_t j = 0; j < size; ++j) {
      const bool zero = j > 0 && rng.below(8) == 0;
      sum += out[i * size + j] = zero ? 0 : std::exp(sharpness * rng.normal());
    }
    for (size_t j = 0; j < size; ++j) out[i * size + j] /= sum;
  }
  return out;
}

struct CommitteeCase {
  std::vector<float> values;
  Committee committee;
  Outcomes outcomes;
  std::vector<int64_t> rows;

  CommitteeCase(size_t members, size_t size, size_t classes, size_t count, Rng& rng) {
    for (const double p : distributions(members * size, classes, rng))
      values.push_back(static_cast<float>(p));
    committee = {members, size, classes, values.data()};
    outcomes = {members, distributions(1, count, rng), distributions(count, members, rng)};
    for (size_t i = 0; i < size; ++i)
      if (rng.below(4)) rows.push_back(static_cast<int64_t>(i));
  }
  // The probabilities of a member as the header says that they are read.
  std::vector<double> probabilities(size_t k, int64_t row) const {
    std::vector<double> p;
    double sum = 0;
    for (size_t c = 0; c < committee.classes; ++c) {
      const float given =
          values[(k * committee.rows + static_cast<size_t>(row)) * committee.classes + c];
      p.push_back(std::max<double>(given, 1e-7));
      sum += p.back();
    }
    for (double& value : p) value /= sum;
    return p;
  }
  double expected(int64_t row) const {
    double total = 0;
    for (size_t o = 0; o < outcomes.count(); ++o) {
      for (size_t c = 0; c < committee.classes; ++c) {
        double p = 0;
        for (size_t k = 0; k < committee.members; ++k)
          p += outcomes.posteriors[o * committee.members + k] * probabilities(k, row)[c];
        total -= outcomes.weights[o] * p * std::log(p);
      }
    }
    return total;
  }
};

TEST(ExpectedEntropy, EqualsTheSumWrittenOutOnEveryTarget) {
  Rng rng(3);
  for (int trial = 0; trial < 200; ++trial) {
    const CommitteeCase one(1 + rng.below(9), 1 + rng.below(20), 1 + rng.below(13),
                            1 + rng.below(trial % 10 ? 40 : 300), rng);
    const ExpectedEntropy entropy(one.outcomes);
    std::vector<double> expected;
    for (const int64_t row : one.rows) {
      expected.push_back(one.expected(row));
      // Double against double: some thousand terms, each rounded to 1e-16.
      EXPECT_NEAR(entropy.exact(one.committee, row), expected.back(), 1e-12);
    }
    on_every_target([&] {
      std::vector<double> found(one.rows.size());
      entropy.approximate(one.committee, one.rows, found);
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT_NEAR(found[i], expected[i], ExpectedEntropy::error) << trial;
    });
  }
}

// The largest entropies have the largest rounding errors: flat rows of many classes.
TEST(ExpectedEntropy, KeepsItsErrorWithManyOutcomesAndClasses) {
  Rng rng(4);
  for (const size_t classes : {2, 10, 100, 1000}) {
    CommitteeCase one(20, 6, classes, 1000, rng);
    for (size_t i = 0; i < one.values.size() / 2; ++i)
      one.values[i] = 1 / static_cast<float>(classes);
    const ExpectedEntropy entropy(one.outcomes);
    on_every_target([&] {
      std::vector<double> found(one.rows.size());
      entropy.approximate(one.committee, one.rows, found);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i], entropy.exact(one.committee, one.rows[i]), ExpectedEntropy::error)
            << classes;
      }
    });
  }
}

TEST(ExpectedEntropy, OfARowDoesNotDependOnItsNeighbours) {
  Rng rng(5);
  const CommitteeCase one(7, 50, 6, 500, rng);
  const ExpectedEntropy entropy(one.outcomes);
  std::vector<double> together(one.rows.size());
  entropy.approximate(one.committee, one.rows, together);
  for (size_t i = 0; i < one.rows.size(); ++i) {
    double alone = 0;
    entropy.approximate(one.committee, std::span(&one.rows[i], 1), std::span(&alone, 1));
    EXPECT_EQ(alone, together[i]);
  }
}

TEST(ExpectedEntropy, OfNothingKnownIsTheEntropyOfTheMeanProbabilities) {
  const std::vector<float> values = {0.8f, 0.2f, 0.4f, 0.6f};
  const Committee committee = {2, 1, 2, values.data()};
  const Outcomes none = no_outcomes(2);
  const double expected = -0.6 * std::log(0.6) - 0.4 * std::log(0.4);
  EXPECT_NEAR(ExpectedEntropy(none).exact(committee, 0), expected, 1e-7);  // 0.8f is not 0.8.
}

TEST(MeanEntropy, IsTheMeanOverMembers) {
  Rng rng(6);
  for (int trial = 0; trial < 50; ++trial) {
    const CommitteeCase one(1 + rng.below(9), 1 + rng.below(20), 1 + rng.below(13), 1, rng);
    std::vector<double> found(one.rows.size());
    on_every_target([&] {
      mean_entropies(one.committee, one.rows, found);
      for (size_t i = 0; i < found.size(); ++i) {
        double expected = 0;
        for (size_t k = 0; k < one.committee.members; ++k) {
          for (const double p : one.probabilities(k, one.rows[i]))
            expected -= p * std::log(p) / static_cast<double>(one.committee.members);
        }
        EXPECT_NEAR(found[i], expected, ExpectedEntropy::error);
        EXPECT_NEAR(mean_entropy(one.committee, one.rows[i]), expected, 1e-12);
      }
    });
  }
}

TEST(EntropyTerms, AreCloseToTheLibraryEverywhere) {
  on_every_target([] {
    std::vector<float> values = {0, 1, 1.0000001f, 0.9999999f, 1.001f, 1e-7f, 1e-30f};
    for (float p = 1e-8f; p < 1; p *= 1.0007f) values.push_back(p);
    std::vector<float> found = values;
    entropy_terms(found);
    for (size_t i = 0; i < values.size(); ++i) {
      const double p = static_cast<double>(values[i]);
      EXPECT_NEAR(found[i], p > 0 ? -p * std::log(p) : 0, 1e-7) << p;
    }
  });
}

}  // namespace querist::kernels
