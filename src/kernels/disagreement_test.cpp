// The disagreement kernel against its definitions, written out in long double for one row at a
// time.
#include "kernels/disagreement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

struct Numbers {
  long double vote_entropy = 0, consensus_entropy = 0, bald = 0, kullback_leibler = 0;
  long double variation_ratio = 0;
};

static long double times_log(long double p) { return p > 0 ? p * std::log(p) : 0; }

struct Committee {
  size_t members, rows, classes;
  std::vector<float> values;

  // Some members are sure, so that zeros and ties occur.
  Committee(size_t k, size_t n, size_t c, Rng& rng)
      : members(k), rows(n), classes(c), values(k * n * c) {
    for (size_t row = 0; row < k * n; ++row) {
      float* p = values.data() + row * c;
      double sum = 0;
      const bool coarse = rng.below(3) == 0;
      for (size_t j = 0; j < c; ++j) {
        p[j] = coarse ? static_cast<float>(rng.below(3)) : static_cast<float>(rng.uniform());
        sum += static_cast<double>(p[j]);
      }
      if (sum == 0) sum = p[rng.below(c)] = 1;
      for (size_t j = 0; j < c; ++j) p[j] = static_cast<float>(static_cast<double>(p[j]) / sum);
    }
  }
  long double at(size_t m, size_t row, size_t c) const {
    return static_cast<long double>(values[(m * rows + row) * classes + c]);
  }
  Numbers plain(size_t row) const {
    std::vector<long double> votes(classes, 0), mean(classes, 0);
    Numbers out;
    long double inner = 0;
    const auto k = static_cast<long double>(members);
    for (size_t m = 0; m < members; ++m) {
      size_t top = 0;
      for (size_t c = 0; c < classes; ++c) {
        if (at(m, row, c) > at(m, row, top)) top = c;
        mean[c] += at(m, row, c) / k;
        inner -= times_log(at(m, row, c)) / k;
      }
      votes[top] += 1;
    }
    long double most = 0;
    for (size_t c = 0; c < classes; ++c) {
      out.vote_entropy -= times_log(votes[c] / k);
      out.consensus_entropy -= times_log(mean[c]);
      most = std::max(most, votes[c]);
      for (size_t m = 0; m < members; ++m) {
        const long double p = at(m, row, c);
        if (p > 0) out.kullback_leibler += p * std::log(p / mean[c]) / k;
      }
    }
    out.bald = out.consensus_entropy - inner;
    out.variation_ratio = 1 - most / k;
    return out;
  }
};

struct Found {
  std::vector<double> votes, consensus, bald, variation;
  Found(const Committee& committee, const std::vector<int64_t>& chosen)
      : votes(chosen.size()),
        consensus(chosen.size()),
        bald(chosen.size()),
        variation(chosen.size()) {
    disagreement(committee.values.data(), committee.members, committee.rows, committee.classes,
                 chosen,
                 {.vote_entropy = votes,
                  .consensus_entropy = consensus,
                  .bald = bald,
                  .variation_ratio = variation});
  }
};

// The kernel adds up to 2500 doubles to at most ln 2500: rounding was seen to reach 2e-13.
constexpr double tolerance = 1e-12;

TEST(Disagreement, FollowsItsDefinitionsForManyShapes) {
  Rng rng(11);
  for (size_t trial = 0; trial < 400; ++trial) {
    const size_t members = 1 + rng.below(9), rows = 1 + rng.below(60);
    const size_t classes = trial % 50 == 49 ? 2500 : 1 + rng.below(13);
    const Committee committee(members, rows, classes, rng);
    std::vector<int64_t> chosen;
    for (size_t row = 0; row < rows; ++row) {
      if (trial % 2 == 0 || rng.below(3) > 0) chosen.push_back(static_cast<int64_t>(row));
    }
    std::vector<Numbers> numbers;
    for (const int64_t row : chosen) numbers.push_back(committee.plain(static_cast<size_t>(row)));
    on_every_target([&] {
      const Found found(committee, chosen);
      for (size_t i = 0; i < chosen.size(); ++i) {
        const Numbers& expected = numbers[i];
        ASSERT_NEAR(found.votes[i], static_cast<double>(expected.vote_entropy), tolerance);
        ASSERT_NEAR(found.consensus[i], static_cast<double>(expected.consensus_entropy), tolerance);
        ASSERT_NEAR(found.bald[i], static_cast<double>(expected.bald), tolerance);
        ASSERT_NEAR(found.bald[i], static_cast<double>(expected.kullback_leibler), tolerance);
        ASSERT_NEAR(found.variation[i], static_cast<double>(expected.variation_ratio), tolerance);
        ASSERT_GE(found.bald[i], 0);
      }
    });
  }
}

TEST(Disagreement, GivesTheSameBitsForAnyThreadsAndWhateverElseIsAsked) {
  Rng rng(5);
  const Committee committee(4, 9000, 7, rng);
  std::vector<int64_t> chosen;
  for (int64_t row = 0; row < 9000; ++row) {
    if (row < 3000 || row % 3) chosen.push_back(row);
  }
  const Found all(committee, chosen);
  set_threads(1);
  const Found alone(committee, chosen);
  set_threads(0);
  EXPECT_EQ(all.bald, alone.bald);
  EXPECT_EQ(all.votes, alone.votes);
  std::vector<double> only(chosen.size());
  const auto ask = [&](const Disagreement& out) {
    disagreement(committee.values.data(), 4, 9000, 7, chosen, out);
  };
  ask({.consensus_entropy = only});
  EXPECT_EQ(only, all.consensus);
  ask({.variation_ratio = only});
  EXPECT_EQ(only, all.variation);
}

TEST(Disagreement, IsExactlyNoneAmongEqualMembers) {
  Rng rng(8);
  for (const size_t members : {2, 3, 7, 10}) {
    for (const size_t classes : {6, 2500}) {
      const Committee one(1, 50, classes, rng);
      Committee many(members, 50, classes, rng);
      for (size_t i = 0; i < many.values.size(); ++i)
        many.values[i] = one.values[i % one.values.size()];
      std::vector<int64_t> chosen(50);
      for (size_t i = 0; i < 50; ++i) chosen[i] = static_cast<int64_t>(i);
      const Found found(many, chosen);
      for (size_t i = 0; i < 50; ++i) {
        EXPECT_EQ(found.bald[i], 0);
        EXPECT_EQ(found.votes[i], 0);
        EXPECT_EQ(found.variation[i], 0);
      }
    }
  }
}

TEST(Disagreement, TiesExactlyWhereTheVotesAreTheSameForOtherClasses) {
  // Ten members, votes 5, 3, 2 in every order of three classes.
  const std::vector<std::vector<size_t>> counts = {{5, 3, 2}, {2, 3, 5}, {3, 5, 2},
                                                   {2, 5, 3}, {3, 2, 5}, {5, 2, 3}};
  Rng rng(1);
  Committee committee(10, counts.size(), 3, rng);
  std::fill(committee.values.begin(), committee.values.end(), 0.0f);
  std::vector<int64_t> chosen;
  for (size_t row = 0; row < counts.size(); ++row) {
    chosen.push_back(static_cast<int64_t>(row));
    size_t member = 0;
    for (size_t c = 0; c < 3; ++c) {
      for (size_t v = 0; v < counts[row][c]; ++v)
        committee.values[(member++ * counts.size() + row) * 3 + c] = 1;
    }
  }
  const Found found(committee, chosen);
  for (const double entropy : found.votes) EXPECT_EQ(entropy, found.votes[0]);
  EXPECT_NEAR(found.votes[0], 1.0296530140645737, tolerance);  // By hand.
}

}  // namespace querist::kernels
